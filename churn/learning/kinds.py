"""What a column of text holds: numbers, days, categories; or nothing that can be learned from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from churn.domain.feature_table import FloatArray, TextArray
from churn.learning.named_months import in_figures
from utility_crm.records.domain.amounts import Mark, amount_of, mark_of
from utility_crm.records.domain.days import Order, day_of, orders_of

UNKNOWN = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>", "nat"})
UNKNOWN_NUMBERS = UNKNOWN | {
    "none",
    "-",
    "?",
    "missing",
    "unknown",
    ".",
    "inf",
    "-inf",
    "infinity",
    "-infinity",
}
"""In a column of numbers or days these say that nobody knows; among categories they may be one."""

NEARLY_ALL = 0.98
"""A column is of the kind that this share of its filled cells can be read as; the others are unknown."""

OWN_VALUES = 0.5
"""Above this many distinct texts a filled cell, a column names rows and says nothing of their kind."""

FEW_ROWS = 50
_MONTH = re.compile(r"[12][0-9]{3}-[0-9]{2}")
_CODE = re.compile(r"0[0-9]+")
_FIRST_DAY, _AFTER_DAYS = date(1900, 1, 2), date(2100, 1, 1)
"""Days outside stand for "never" or "not known" in systems that want one."""
_NAMES_ROWS = frozenset({"id", "ids", "uuid", "guid", "key", "index", "row", "number", "nr", "no", "unnamed"})


@dataclass(frozen=True, eq=False)
class Numbers:
    """values: float64 (rows,), NaN where unknown; refused: places of filled cells that are no number."""

    values: FloatArray
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Days:
    """values: float64 (rows,), days since 1970, NaN where unknown; refused as in `Numbers`.

    ambiguous: 03/04/2026 could be either; taken day first."""

    values: FloatArray
    refused: tuple[int, ...] = ()
    ambiguous: bool = False


@dataclass(frozen=True, eq=False)
class Categories:
    """values: text (rows,), "" where unknown."""

    values: TextArray
    distinct: int


@dataclass(frozen=True, eq=False)
class Dropped:
    """why: "empty", "constant", "id" (each row its own), "text" (nearly so).

    filled: bool (rows,) where being filled at all may say something."""

    why: str
    filled: npt.NDArray[np.bool_] | None = None


Kind = Numbers | Days | Categories | Dropped


def kind_of(title: str, column: pd.Series[str]) -> Kind:
    """What the column's cells are. Never looks at the target."""
    texts = column.to_numpy(dtype=object)
    blank = np.array([text.casefold() in UNKNOWN for text in texts])
    counts = Counter(texts[~blank])
    if not counts:
        return Dropped("empty")
    if len(counts) == 1 and not blank.any():
        return Dropped("constant")
    return (
        days_of(texts)
        or _numbers(title, texts)
        or _categories(np.where(blank, "", texts).astype(object), blank, len(counts))
    )


def days_of(texts: Sequence[str] | TextArray) -> Days | None:
    """The column as days; None where it holds something else. Times of day are left off."""
    known = Counter(text for text in texts if text.casefold() not in UNKNOWN_NUMBERS)
    cut = {text: _day_part(text) for text in known}
    orders = {text: orders_of(part) for text, part in cut.items()}
    readable = sum(known[text] for text, found in orders.items() if found)
    if not known or readable < NEARLY_ALL * known.total():
        return None
    order = _order(orders.values())
    read = {text: day_of(part, order) for text, part in cut.items()}
    if sum(known[text] for text, day in read.items() if day) < NEARLY_ALL * known.total():
        return None
    within = {text: day for text, day in read.items() if day and _FIRST_DAY <= day < _AFTER_DAYS}
    if not within:
        return None
    epoch = date(1970, 1, 1).toordinal()
    values = np.array(
        [float(within[text].toordinal() - epoch) if text in within else np.nan for text in texts]
    )
    refused = tuple(row for row, text in enumerate(texts) if text in known and not orders[text])
    either = order == "dmy" and all(found != {"dmy"} for found in orders.values() if found)
    return Days(values, refused, either)


def _day_part(text: str) -> str:
    """Without the time of day; a month (2016-03) is its first day."""
    day = re.split(r"[T ]", in_figures(text), maxsplit=1)[0]
    return f"{day}-01" if _MONTH.fullmatch(day) else day


def _order(found: Iterable[frozenset[Order]]) -> Order:
    """The order that most cells allow; day before month where all allow both."""
    votes = Counter(order for orders in found for order in orders)
    preferred: tuple[Order, ...] = ("ymd", "dmy", "mdy")
    return max(preferred, key=lambda order: votes[order])


def _numbers(title: str, texts: TextArray) -> Numbers | Dropped | None:
    found = numbers_of(texts)
    if found is None:
        return None
    known = found.values[~np.isnan(found.values)]
    distinct = np.unique(known)
    if distinct.size == 1 and known.size == texts.size:
        return Dropped("constant")
    whole = bool((known == np.round(known)).all())
    if whole and texts.size >= FEW_ROWS and distinct.size > OWN_VALUES * texts.size:
        counted = distinct.size == texts.size and distinct[-1] - distinct[0] == texts.size - 1
        if counted or names_rows(title):
            return Dropped("id")
    return found


def numbers_of(texts: Sequence[str] | TextArray) -> Numbers | None:
    """The column as numbers, in whichever way it parts the whole from the rest; None where it holds something
    else. Figures that begin with a nought (0049) are codes."""
    cells = np.array([text if text.casefold() not in UNKNOWN_NUMBERS else "" for text in texts], dtype=object)
    filled = cells != ""
    if not filled.any() or any(_CODE.fullmatch(text) for text in cells[filled]):
        return None
    values = pd.to_numeric(pd.Series(cells), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(values[filled]).mean() > 1 - NEARLY_ALL:
        values = _with_marks(cells, filled)
    values = np.where(np.isfinite(values), values, np.nan)
    if not filled.any() or np.isnan(values[filled]).mean() > 1 - NEARLY_ALL:
        return None
    return Numbers(values, tuple(np.flatnonzero(filled & np.isnan(values)).tolist()))


def _with_marks(cells: TextArray, filled: npt.NDArray[np.bool_]) -> FloatArray:
    """Numbers with thousands or a decimal comma, the mark by what the cells themselves allow."""
    bare = {text: text.strip("€$£₽% \u00a0") for text in set(cells[filled])}
    votes = Counter(mark_of(text) for text in bare.values())
    mark: Mark = "," if votes[","] > votes["."] else "."
    read = {text: amount_of(plain, mark) for text, plain in bare.items()}
    return np.array([np.nan if read.get(text) is None else float(read[text] or 0) for text in cells])


def names_rows(title: str) -> bool:
    """Whether a title says that the column names rows: customerID, row_no, Unnamed: 0."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", title).casefold()
    return bool(_NAMES_ROWS & set(re.split(r"[^a-z]+", words)))


def _categories(texts: TextArray, blank: npt.NDArray[np.bool_], distinct: int) -> Kind:
    filled = int((~blank).sum())
    if texts.size >= FEW_ROWS and distinct > max(OWN_VALUES * filled, 20):
        return Dropped("id" if distinct == texts.size else "text", ~blank if blank.any() else None)
    return Categories(texts, distinct)
