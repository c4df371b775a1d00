"""`churn evaluate`: a file in, the document out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from churn.learning.columns import Columns
from churn.learning.evaluating import Progress, evaluate
from churn.learning.labelled import Asked, Labelled, read_labelled
from churn.learning.leakage import suspects
from churn.learning.report import figures_document, suspects_document
from churn.learning.splitting import NO_PERIOD, TOO_FEW, Rows
from churn.learning.thoroughness import THOROUGH, Thoroughness
from utility_crm.kit.errors import Refused


def evaluate_file(
    path: Path,
    asked: Asked,
    *,
    gap: float = 0.0,
    how: Thoroughness = THOROUGH,
    workers: int = 1,
    progress: Callable[[str], Progress] | None = None,
) -> dict[str, Any]:
    """The document of docs/churn.md. Nothing is left out of the figures for being suspect; where a column
    is, the figures without it stand beside. gap: of --time. Raises Invalid and Refused as `read_labelled`
    does."""
    table = read_labelled(path, asked)
    found = suspects(table.frame, table.left, table.columns, table.sources)
    figures = _figures(table, table.columns, gap, how, workers, progress and progress("With every column"))
    without = None
    rest = _without(table, {one.column for one in found})
    if found and rest.names:
        without = _figures(table, rest, gap, how, workers, progress and progress("Without suspects"))
    return {
        "rows": len(table.left),
        "base_rate": round(float(table.left.mean()), 6),
        **figures,
        "leakage_suspects": suspects_document(found),
        "without_suspects": without,
        "target": {
            "column": table.target.column,
            "positive": table.target.positive,
            "negative": table.target.negative,
        },
        "columns": {
            "numeric": list(table.columns.numeric),
            "categorical": list(table.columns.categorical),
            "crowded": list(table.columns.crowded),
            "left_out": [{"column": title, "why": why} for title, why in table.left_out],
        },
        "scheme": _scheme(table, how, gap),
        "notes": list(table.notes),
    }


def _figures(
    table: Labelled,
    columns: Columns,
    gap: float,
    how: Thoroughness,
    workers: int,
    progress: Progress | None,
) -> dict[str, Any]:
    rows = Rows(table.left, table.groups, table.time, gap)
    try:
        found = evaluate(table.frame, rows, columns, how, workers, progress)
    except ValueError as error:
        if str(error) not in (TOO_FEW, NO_PERIOD):
            raise
        raise Refused(
            "too_few", "There are too few leavers, or stayers, to test on others: %(why)s.", why=str(error)
        ) from error
    return figures_document(found, how.repeats)


def _without(table: Labelled, suspected: set[str]) -> Columns:
    """The columns that are made of no suspect."""

    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if not suspected & set(table.sources[name]))

    columns = table.columns
    return replace(
        columns,
        numeric=kept(columns.numeric),
        categorical=kept(columns.categorical),
        crowded=kept(columns.crowded),
    )


def _scheme(table: Labelled, how: Thoroughness, gap: float) -> dict[str, Any]:
    if table.time is not None:
        return {
            "by": "time",
            "sd": "over tested periods",
            "gap": gap,
            "unit": "days" if table.time_is_days else "units of the column",
        }
    return {"by": "chance", "sd": "over seeds", "folds": how.folds, "seeds": list(how.seeds)}
