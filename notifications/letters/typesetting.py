"""Letters set as one PDF/A-2b: the same bytes for the same letters, on any machine at any hour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from notifications.domain.window import Window
from utility_crm.kit.paper import FONTS
from utility_crm.kit.paper.glyphs import characters_of, settable
from utility_crm.kit.paper.setting import compiler_of

_LETTERS = Path(__file__).parent / "templates" / "letters.typ"


@dataclass(frozen=True, slots=True)
class Set:
    """A letter to be set: `number` stands at its foot, `address` are lines, `text` paragraphs of lines."""

    number: str
    language: str
    day: str
    address: tuple[str, ...]
    subject: str
    text: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class From:
    """Who writes. back: one line above the address, for a letter that comes back; contact: below the name."""

    name: str
    back: str
    contact: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """The file, and where each letter lies in it: first and last page, counted from one."""

    pdf: bytes
    spans: tuple[tuple[int, int], ...]


def set_letters(
    title: str, issued: tuple[int, int, int], sender: From, letters: Sequence[Set], window: Window
) -> Pages:
    """One file of letters, each beginning on a page of its own. `issued`: year, month, day."""
    compiler = compiler_of(_LETTERS)
    made = compiler.compile(
        format="pdf",
        sys_inputs={"batch": _document(title, issued, sender, letters, window)},
        pdf_standards="a-2b",
        timestamp=0,
    )
    assert isinstance(made, bytes)
    begins = json.loads(compiler.query("<begins>", field="value"))
    ends = json.loads(compiler.query("<ends>", field="value"))
    return Pages(made, tuple(zip(begins, ends, strict=True)))


def pictures_of(
    title: str, issued: tuple[int, int, int], sender: From, letters: Sequence[Set], window: Window
) -> list[bytes]:
    """Its pages as PNG, to look at."""
    document = _document(title, issued, sender, letters, window)
    made = compiler_of(_LETTERS).compile(format="png", ppi=80, sys_inputs={"batch": document})
    assert made is not None
    return [made] if isinstance(made, bytes) else made


def _document(
    title: str, issued: tuple[int, int, int], sender: From, letters: Sequence[Set], window: Window
) -> str:
    """As the template reads it, with only what the fonts can show."""
    known = characters_of(FONTS)
    plain = {
        "title": title,
        "issued": issued,
        "sender": asdict(sender),
        "window": asdict(window),
        "letters": [asdict(one) for one in letters],
    }
    return json.dumps(_shown(plain, known), ensure_ascii=False, separators=(",", ":"))


def _shown(value: object, known: frozenset[str]) -> object:
    if isinstance(value, str):
        return value if known.issuperset(value) else settable(value, known)
    if isinstance(value, dict):
        return {key: _shown(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item, known) for item in value]
    return value
