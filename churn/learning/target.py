"""The target: which of its two values means leaving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.domain.figures import BoolArray
from churn.learning.kinds import UNKNOWN
from churn.learning.reading import Cells
from utility_crm.kit.errors import Invalid

_MEANS_LEAVING = frozenset(
    {"1", "yes", "y", "true", "t", "churn", "churned", "left", "exited", "lost", "leaver", "gone", "да"}
)


@dataclass(frozen=True, eq=False)
class Target:
    """left: bool (rows with a target,). guessed: how it was told which value means leaving, "" where a person
    said it."""

    column: str
    positive: str
    negative: str
    left: BoolArray
    guessed: str

    def value(self, text: str) -> str:
        return f"“{text}”"


def target_of(cells: Cells, title: str, positive: str | None) -> tuple[Target, BoolArray]:
    """The target, and which rows have one: bool (rows,). Raises Invalid with what stands there instead."""
    texts = np.array([_plain(text) for text in cells.frame[title]], dtype=object)
    known = texts != ""
    place = f"{cells.where}, column {title}"
    values, counts = np.unique(texts[known].astype(str), return_counts=True)
    if values.size != 2:
        shown = ", ".join(f"“{value}” ({count})" for value, count in zip(values[:6], counts[:6], strict=True))
        raise Invalid(
            "target_values",
            "The target must have two values; it has %(many)s: %(shown)s.",
            place,
            many=int(values.size),
            shown=(shown or "none") + (" and more" if values.size > 6 else ""),
        )
    both = [str(value) for value in values]
    if positive is not None:
        chosen, guessed = _meant(_plain(positive), both), ""
        if chosen not in both:
            raise Invalid(
                "positive",
                "%(positive)s (--positive) is not a value of the target; they are %(values)s.",
                place,
                positive=positive,
                values=" and ".join(both),
            )
    else:
        named = [value for value in both if value.casefold() in _MEANS_LEAVING]
        rarer = both[int(np.argmin(counts))]
        chosen, guessed = (named[0], "by its name") if len(named) == 1 else (rarer, "the rarer of the two")
    (other,) = [value for value in both if value != chosen]
    return Target(title, chosen, other, texts[known] == chosen, guessed), known


def _meant(text: str, values: list[str]) -> str:
    """The one of the two values that a person wrote, whose capitals may be others where that leaves one."""
    alike = [value for value in values if value.casefold() == text.casefold()]
    return alike[0] if len(alike) == 1 else text


def _plain(text: str) -> str:
    """1, 1.0 and " 1" are one value; what says that nobody knows is none."""
    text = text.strip()
    if text.casefold() in UNKNOWN:
        return ""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else str(number)
