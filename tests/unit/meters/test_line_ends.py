"""Line ends of any system: a return alone is one, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from meters.feeds.format import ReadOptions
from meters.feeds.reading import read_feed
from meters.inspection import inspection

CSV = "service_point,starts_at,kWh\n" + "".join(f"S,2026-10-01T{hour:02}:00:00Z,1.5\n" for hour in range(24))
NEM = (
    "100,NEM12,202602010000,MDP,RETAILER\n200,6100000000,E1,E1,E1,N1,M1,kWh,30,20300101\n300,20250101,"
    + ",".join(["0.5"] * 48)
    + ",A,,,20260201000000,\n900\n"
)


@pytest.mark.parametrize("text", [CSV, NEM])
@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_returns_are_line_ends(tmp_path: Path, text: str, end: str) -> None:
    plain, other = tmp_path / "a.csv", tmp_path / "b.csv"
    plain.write_bytes(text.encode())
    other.write_bytes(text.replace("\n", end).encode())
    documents = [
        inspection([read_feed(path, "auto", ReadOptions())])["files"][0] | {"path": ""}
        for path in (plain, other)
    ]
    assert documents[0] == documents[1]
    assert documents[0]["status"] == "ok"
