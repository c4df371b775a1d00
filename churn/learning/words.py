"""An evaluation for a person at a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

_WIDTH = 124
_HEADS = ("ROC-AUC", "PR-AUC", "lift of first tenth", "calibration error")
_MEASURES = ("roc_auc", "pr_auc", "top_decile_lift")


def evaluation_text(document: Mapping[str, Any]) -> str:
    """Tables of the figures, of suspects and of what was left out."""
    out = Console(file=io.StringIO(), width=_WIDTH, no_color=True, highlight=False, markup=False)
    target = document["target"]
    by = "that came later than what" if document["scheme"]["by"] == "time" else "that"
    learned = "learned from" if document["scheme"]["by"] == "time" else "had not learned from"
    out.print(
        f"{document['rows']:,} rows, {document['base_rate']:.1%} with {target['column']} = "
        f"{target['positive']}. Every figure is of rows {by} the model {learned}."
    )
    out.print(_figures(document))
    chosen = document["chosen"]
    taken = ", ".join(f"{name} {times}" for name, times in chosen["times"].items())
    out.print(f"Taken by nested choice, of {chosen['of']} folds: {taken}.")
    if document["leakage_suspects"]:
        out.print(_suspects(document))
    else:
        out.print("No column tells more than it honestly could.")
    for one in document["columns"]["left_out"]:
        out.print(f"Left out: {one['column']} ({one['why']}).")
    for note in document["notes"]:
        out.print(note)
    return out.file.getvalue().rstrip()  # type: ignore[attr-defined, no-any-return]


def _figures(document: Mapping[str, Any]) -> Table:
    table = Table("", *_HEADS, box=SIMPLE)
    table.add_row("chosen", *_cells(document))
    if document["without_suspects"]:
        table.add_row("chosen, without suspects", *_cells(document["without_suspects"]))
    table.add_row("plain logistic (baseline)", *_cells(document["baseline"]))
    table.add_section()
    for name, figures in document["candidates"].items():
        table.add_row(name, *_cells(figures))
    return table


def _cells(figures: Mapping[str, Any]) -> list[str]:
    found = []
    for measure in _MEASURES:
        one = figures[measure]
        ends = one.get("interval")
        within = f" ({ends[0]:.3f}–{ends[1]:.3f})" if ends else ""
        found.append(f"{one['mean']:.4f}{within}")
    return [*found, f"{figures['calibration_error']:.4f}"]


def _suspects(document: Mapping[str, Any]) -> Table:
    table = Table("suspect", "why", "ROC-AUC alone", box=SIMPLE)
    for one in document["leakage_suspects"]:
        table.add_row(one["column"], one["message"], f"{one['roc_auc']:.3f}")
    return table
