"""A labelled table, ready to learn from: what is said of it when it was read, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from churn.domain.feature_table import FloatArray
from churn.domain.figures import FEWEST_LEAVERS, BoolArray
from churn.learning.columns import CROWDED, Columns
from churn.learning.kinds import Dropped, kind_of
from churn.learning.making import Features
from churn.learning.reading import Cells, IntArray, read_cells
from churn.learning.same_customers import by_id, copies
from churn.learning.target import Target, target_of
from churn.learning.times import times_of
from utility_crm.kit.errors import Invalid, Refused

LEFT_OUT = {
    "empty": "no cell is filled",
    "constant": "it holds one value only",
    "id": "it names rows",
    "text": "nearly every row has a text of its own",
    "asked": "it was named as the id",
    "time": "it is the time of the row",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns a person named. positive: the target's value that means leaving."""

    target: str
    positive: str | None = None
    id: str | None = None
    time: str | None = None


@dataclass(frozen=True, eq=False)
class Labelled:
    """frame: typed columns, a row a customer (or a customer at a time). left: bool (rows,). groups: int64
    (rows,), equal for rows of one customer, None where none comes twice. time: float64 (rows,), days or any
    rising number, None where none was named. sources: of each column, the file's columns it was made of.
    left_out: title and why. notes: sentences.
    """

    frame: pd.DataFrame
    left: BoolArray
    columns: Columns
    target: Target
    groups: IntArray | None
    time: FloatArray | None
    time_is_days: bool
    sources: Mapping[str, tuple[str, ...]]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def read_labelled(path: Path, asked: Asked) -> Labelled:
    """Raises Invalid (no such column, a target of other than two values, a time that cannot be read, nothing
    to learn from) and Refused (too few of either kind), each with its place."""
    cells = read_cells(path)
    for option, title in (("--target", asked.target), ("--id", asked.id), ("--time", asked.time)):
        if title is not None:
            _check_title(cells, option, title)
    named = [title for title in (asked.target, asked.id, asked.time) if title is not None]
    if len(set(named)) < len(named):
        raise Invalid("same_column", "The target, the id and the time are columns of their own.", cells.where)
    notes = [f"The title “{title}” stands twice; the second is “{title} (2)”." for title in cells.doubled]
    target, labelled = target_of(cells, asked.target, asked.positive)
    if (blank := len(cells.lines) - int(labelled.sum())) > 0:
        notes.append(f"{blank} rows have no target and were left out.")
        frame = cells.frame[labelled].reset_index(drop=True)
        cells = Cells(frame, cells.lines[labelled], cells.where, cells.doubled)
    for value, many in ((target.positive, target.left.sum()), (target.negative, (~target.left).sum())):
        if many < FEWEST_LEAVERS:
            raise Refused(
                "too_few",
                "%(many)s rows have %(value)s as target; fewer than %(fewest)s say more about chance than"
                " about a model.",
                f"{cells.where}, column {asked.target}",
                many=int(many), value=target.value(value), fewest=FEWEST_LEAVERS,
            )  # fmt: skip
    if target.guessed:
        notes.append(
            f"Leaving is {target.value(target.positive)}, {target.guessed}; --positive says otherwise."
        )
    return _typed(cells, asked, target, notes)


def _check_title(cells: Cells, option: str, title: str) -> None:
    titles = list(cells.frame.columns)
    if title not in titles:
        raise Invalid(
            "no_such_column",
            "There is no column %(title)s (%(option)s); there are %(titles)s.",
            f"{cells.where}, line 1",
            title=title, option=option, titles=", ".join(titles[:40]),
        )  # fmt: skip
    if title in cells.doubled:
        raise Invalid(
            "twice",
            "The column %(title)s (%(option)s) stands twice.",
            f"{cells.where}, line 1",
            title=title,
            option=option,
        )


def _typed(cells: Cells, asked: Asked, target: Target, notes: list[str]) -> Labelled:
    time = times_of(cells, asked.time) if asked.time else None
    left_out: list[tuple[str, str]] = []
    if asked.id:
        left_out.append((asked.id, LEFT_OUT["asked"]))
    if asked.time:
        left_out.append((asked.time, LEFT_OUT["time"]))
    features = Features(time.values if time and time.is_days else None)
    for title in cells.frame.columns:
        if title in (asked.target, asked.id, asked.time):
            continue
        kind = kind_of(title, cells.frame[title])
        notes.extend(features.add(title, kind, cells))
        if isinstance(kind, Dropped):
            left_out.append((title, LEFT_OUT[kind.why]))
            notes.extend(_repeated(title, kind, cells, asked))
    frame, sources = features.made()
    columns = Columns(
        tuple(features.numbers),
        tuple(name for name, text in features.texts.items() if len(set(text)) <= CROWDED),
        tuple(name for name, text in features.texts.items() if len(set(text)) > CROWDED),
    )
    if not columns.names:
        raise Invalid("no_columns", "No column is left that anything could be learned from.", cells.where)
    groups = by_id(cells, asked.id, notes) if asked.id else copies(cells, target, features.naming, notes)
    return Labelled(
        frame,
        target.left,
        columns,
        target,
        groups,
        time.values if time else None,
        bool(time and time.is_days),
        sources,
        tuple(left_out),
        tuple(notes),
    )


def _repeated(title: str, kind: Dropped, cells: Cells, asked: Asked) -> list[str]:
    """A hint where a column that names rows names some of them twice and nobody said that it is the id."""
    texts = cells.frame[title]
    if kind.why in ("id", "text") and asked.id is None and texts[texts != ""].duplicated().any():
        return [
            f"Values of “{title}” come again. If it names customers, name it with --id: "
            "rows of one customer then stay together."
        ]
    return []
