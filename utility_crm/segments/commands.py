"""`utility-crm segments ...`: which there are, how many, who."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.formulas import guarded
from utility_crm.kit.runtime import database
from utility_crm.segments.domain.tree import Tree, read_tree
from utility_crm.segments.members import NO_SUCH, SavedSegment, segment_of
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import (
    Somebody,
    ages_of,
    count,
    count_saved,
    everybody_of,
    saved_segments,
)
from utility_crm.segments.tables import Segment
from utility_crm.web.visit import present

app = typer.Typer(help="Segments: which there are, how many customers, who.", no_args_is_help=True)
Named = Annotated[str, typer.Option("--segment", help="its name or its number")]
COLUMNS = ("number", "name", "kind", "language", "since", "area", "city", "email", "phone")


@app.callback()
def segments() -> None:
    """Segments: which there are, how many customers, who."""


@app.command("list")
def list_segments(as_json: AsJson = False) -> None:
    """Every segment, with its size when it was last counted."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        rows = [_document(one) for one in saved_segments(session)]
    lines = [
        f"{row['id']:>5}  {row['customers'] if row['customers'] is not None else '-':>9}  {row['name']}"
        for row in rows
    ]
    emit({"segments": rows}, as_json, lambda: "\n".join(lines) or "no segments")


@app.command("count")
def count_one(
    segment: Named = "",
    tree: Annotated[Path | None, typer.Option("--tree", help="a JSON file of a question")] = None,
    as_json: AsJson = False,
) -> None:
    """How many customers a segment is now, or a question that is not saved."""
    if (tree is None) == (not segment):
        raise typer.BadParameter("give either --segment or --tree")
    if tree is not None:
        check_paths([tree], as_json)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        now = present()
        if tree is not None:
            asked = _tree_of(tree)
            document = _counted(session, asked, count(session, asked, now))
        else:
            one = _named(session, segment)
            document = {"segment": one.name} | _counted(session, one.tree, count_saved(session, one, now))
    emit(document, as_json, lambda: f"{document['customers']} customers")


@app.command("export")
def export(
    segment: Named,
    out: Annotated[Path | None, typer.Option("--out", help="a CSV file; without it, standard output")] = None,
    as_json: AsJson = False,
) -> None:
    """Everybody in a segment, as CSV, or with --json as one document. Nothing is masked: who has the command
    line has the database."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        one = _named(session, segment)
        people = list(everybody_of(session, one, present()))
        if out is None and not as_json:
            _write(people, sys.stdout)
            return
        if out is not None:
            try:
                with out.open("w", encoding="utf-8", newline="") as opened:
                    _write(people, opened)
            except OSError as error:
                raise Invalid("cannot_write", f"{out}: {error.strerror}", "--out") from error
    document: dict[str, Any] = {"segment": one.name, "customers": len(people)}
    if out is None:
        document["rows"] = [dict(zip(COLUMNS, _cells(row), strict=True)) for row in people]
    emit(document, as_json, lambda: f"{len(people)} customers written to {out}")


def _document(one: SavedSegment) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "customers": one.size,
        "counted_at": one.counted_at.isoformat() if one.counted_at else None,
        "frozen_at": one.frozen_at.isoformat() if one.frozen_at else None,
        "owner": one.owner,
        "broken": one.broken,
    }


def _counted(session: Session, tree: Tree | None, customers: int) -> dict[str, Any]:
    ages = ages_of(session, tree) if tree is not None else []
    return {
        "customers": customers,
        "facts": [
            {
                "fact": age.fact,
                "parameter": age.parameter,
                "computed_at": age.computed_at.isoformat() if age.computed_at else None,
            }
            for age in ages
        ],
    }


def _named(session: Session, segment: str) -> SavedSegment:
    """By name, else by number."""
    by_name = select(Segment.id).where(
        func.lower(Segment.name) == segment.lower(), Segment.deleted_at.is_(None)
    )
    found = session.scalar(by_name)
    if found is None and segment.isascii() and segment.isdecimal():
        found = int(segment)
    if found is None:
        raise NotFound("no_such_segment", NO_SUCH, "--segment")
    return segment_of(session, found)


def _tree_of(path: Path) -> Tree:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Invalid("json", f"This is not JSON that can be read: {error}", str(path)) from error
    return read_tree(document, offers())


def _write(people: list[Somebody], out: Any) -> None:
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(guarded, _cells(one)) for one in people)


def _cells(one: Somebody) -> tuple[str, ...]:
    return (
        one.number, one.name, one.kind, one.language, one.since.isoformat(), one.area, one.city, one.email,
        one.phone,
    )  # fmt: skip
