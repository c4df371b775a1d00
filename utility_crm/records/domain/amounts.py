"""Amounts as people write them: which mark parts the whole from the rest is evidence, never a guess."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

Mark = Literal[".", ","]
_SIGN = r"[+\-]?"
_PLAIN = re.compile(rf"{_SIGN}[0-9]+")
_EITHER = re.compile(rf"{_SIGN}[1-9][0-9]{{0,2}}[.,][0-9]{{3}}")
_SHAPES = {
    mark: re.compile(
        rf"{_SIGN}([0-9]+|[1-9][0-9]{{0,2}}({other}[0-9]{{3}})+|[1-9][0-9]{{0,2}}('[0-9]{{3}})+)({mine}[0-9]+)?"
    )
    for mark, mine, other in ((".", r"\.", ","), (",", ",", r"\."))
}


def tidy(text: str) -> str:
    """Without blanks (a no-break one is one, too), a typographic minus as a minus."""
    return "".join(text.split()).replace("\u2212", "-").replace("\u2019", "'")


def mark_of(text: str) -> Mark | Literal["", "?"] | None:
    """The mark before the parts: "" where the amount has none, "?" where 1.234 may be thousands or parts,
    None where it is no amount."""
    told = tidy(text)
    if _PLAIN.fullmatch(told):
        return ""
    if _EITHER.fullmatch(told):
        return "?"
    point, comma = (_SHAPES[mark].fullmatch(told) for mark in (".", ","))
    if point and comma:
        return ""  # 1'000
    return "." if point else "," if comma else None


def amount_of(text: str, mark: Mark) -> Decimal | None:
    """The amount, exactly, its parts behind `mark`; None where it is none written that way."""
    told = tidy(text)
    if not _SHAPES[mark].fullmatch(told):
        return None
    thousands = "," if mark == "." else "."
    return Decimal(told.replace(thousands, "").replace("'", "").replace(mark, "."))
