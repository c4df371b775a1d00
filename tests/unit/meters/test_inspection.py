"""The document of an inspection, whole and piece by piece."""

from __future__ import annotations

import json

import pytest

from meters import inspection as module
from meters.commands.taking import inspection_json, inspection_text
from meters.inspection import inspected, inspection

NEM12 = "100,NEM12,202402010000,MDP1,RET1\n200,{nmi},E1,E1,{suffix},N1,M77,kWh,30,\n"
DAY = "300,20240101,{values},A,,,,\n"


def nem12(*channels: tuple[str, str]) -> str:
    parts = [NEM12.splitlines(keepends=True)[0]]
    for nmi, suffix in channels:
        parts.append(NEM12.splitlines(keepends=True)[1].format(nmi=nmi, suffix=suffix))
        parts.append(DAY.format(values=",".join(["1.5"] * 48)))
    return "".join([*parts, "900\n"])


@pytest.mark.parametrize("in_memory", [1, 2**20])
def test_the_pieces_are_the_document(read_text, monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", in_memory)
    many = [(f"600{number}Ü", suffix) for number in range(40, 0, -1) for suffix in ("E1", "B1")]
    texts = [nem12(*many), nem12(("6001", "E1")), "", "nothing at all\n"]
    files = [read_text(text, name=f"{number}.csv") for number, text in enumerate(texts)]
    pieces = "".join(inspection_json([inspected(file) for file in files]))
    assert pieces == json.dumps(inspection(files), ensure_ascii=False) + "\n"
    found = [(one["service_point"], one["channel"]) for one in json.loads(pieces)["files"][0]["channels"]]
    assert found == many, "in the order of the file"
    words = "".join(inspection_text([inspected(file) for file in files]))
    assert words.count("\n") == 4 + 80 + 1 + 2 and words.endswith("\n")


def test_no_file_is_a_document_too() -> None:
    assert inspection([]) == {"files": []}


def test_a_unit_that_an_ingest_would_leave_out_is_said_beforehand(read_text) -> None:
    text = nem12(("6001", "E1"), ("6002", "E1"), ("6003", "E1"))
    for number in ("6002", "6003"):
        text = text.replace(f"200,{number},E1,E1,E1,N1,M77,kWh", f"200,{number},E1,E1,E1,N1,M77,kVAh")
    file = inspected(read_text(text))
    assert file.document()["not_kept"] == {"kVAh": 2}
    words = "".join(inspection_text([file]))
    assert "2 channels are in kVAh, and would be left out: readings are kept in kWh, kVArh, m3" in words
    assert "not_kept" not in inspected(read_text(nem12(("6001", "E1")))).document()
