"""`utility-crm records ...`: another system's customers' history brought over, reckoned up, taken back."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Annotated, Any

import typer

from utility_crm.auth.audit import Acting, acts
from utility_crm.kit.clock import today_in
from utility_crm.kit.commands import AsJson, check_paths, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.formulas import guarded
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.records.domain.sums import FATES
from utility_crm.records.jobs import here
from utility_crm.records.kinds import kind_named, kinds
from utility_crm.records.mapping import read_mapping
from utility_crm.records.queries import ImportShown, RefusalShown, import_of, imports, refusals, refused_rows
from utility_crm.records.staging import Form, stage
from utility_crm.records.taking import check_import, take_import
from utility_crm.records.undoing import undo_import
from utility_crm.records.ways import WHY, look_for_ways, mend_ways, way_figures, ways
from utility_crm.web.visit import present

app = typer.Typer(help="Records of another system: bring over, reckon up, take back.", no_args_is_help=True)
LISTED = 100
TYPES = {"yes": "yes or no", "long": "long text", "instant": "day and hour", "amount": "money"}
"""Types of fields, as people say them; the others are words already."""
Number = Annotated[int, typer.Argument(help="the import, as `import` numbered it")]


@app.callback()
def records() -> None:
    """Records of another system: bring over, reckon up, take back."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx, docs/records.md")],
    kind: Annotated[str, typer.Option(help="what its rows are; `records kinds` lists them")],
    source: Annotated[str, typer.Option(help="the system it comes from: an id is its own there")],
    mapping: Annotated[Path | None, typer.Option("--map", help="how it is read, TOML or JSON")] = None,
    encoding: Annotated[str, typer.Option(help="utf-8, utf-16, cp1251, ...; found out if not said")] = "",
    delimiter: Annotated[str, typer.Option(help="one sign; found out if not said")] = "",
    sheet: Annotated[str, typer.Option(help="of a workbook; the first visible one if not said")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what it would come to, write nothing")
    ] = False,
    refused: Annotated[Path | None, typer.Option(help="write the refused rows here, to be mended")] = None,
    as_json: AsJson = False,
) -> None:
    """Take a file of records: what can be is in, what cannot is refused with its place and reason."""
    check_paths([file, *([mapping] if mapping else [])], as_json)
    if len(delimiter) > 1 or (encoding and not _known(encoding)):
        raise typer.BadParameter(
            "no encoding or delimiter that is known", param_hint="--encoding, --delimiter"
        )
    with speaking(as_json):
        one = kind_named(kind)
        told = read_mapping(mapping.read_bytes(), one, str(mapping)) if mapping else None
        with database() as engine, unit_of_work(engine) as session:
            now = present()
            acts(session, Acting(now, "records import"))
            form = Form(encoding, "\t" if delimiter == "t" else delimiter, sheet)
            made = stage(
                session, file, kind=kind, source=source, now=now, form=form, mapping=told, name=file.name
            )  # fmt: skip
            run = check_import if dry_run else take_import
            run(session, made, here(), now=now, today=today_in(settings().timezone))
            session.flush()
            done = import_of(session, made)
            listed = refusals(session, made, LISTED)
            if refused is not None:
                with refused.open("w", encoding="utf-8-sig", newline="") as out:
                    writer = csv.writer(out, delimiter=";")
                    titles = (guarded(column.title) for column in done.columns)
                    writer.writerow([*titles, "refused because"])
                    writer.writerows(refused_rows(session, made))
            if dry_run:  # nothing of it stays, not even that it was tried
                session.rollback()
    document = {
        **done.document(), "left_out": _left_out(done), "dry_run": dry_run,
        "refusals": [one.document() for one in listed],
    }  # fmt: skip
    emit(document, as_json, lambda: _words(done, listed, dry_run))
    if done.report and done.report["refused"]:
        raise typer.Exit(1)


def _known(encoding: str) -> bool:

    try:
        return bool(codecs.lookup(encoding))
    except LookupError:
        return False


@app.command("kinds")
def list_kinds(as_json: AsJson = False) -> None:
    """What can be brought over, in the order to bring it, and the fields of each."""
    document = {
        "kinds": [
            {"kind": kind.name, "fields": [
                {"field": one.name, "type": one.type, "required": one.required, "choices": list(one.choices)}
                for one in kind.fields
            ]}
            for kind in kinds()
        ]
    }  # fmt: skip

    def words() -> str:
        lines = []
        for kind in kinds():
            lines.append(kind.name)
            for one in kind.fields:
                more = f"one of {', '.join(one.choices)}" if one.choices else TYPES.get(one.type, one.type)
                lines.append(f"  {one.name}{' (needed)' if one.required else ''}: {more}")
        return "\n".join(lines)

    emit(document, as_json, words)


@app.command("show")
def show(number: Number, as_json: AsJson = False) -> None:
    """An import, its reconciliation report and what was refused."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = import_of(session, number)
        listed = refusals(session, number, LISTED)
    document = {
        **done.document(), "left_out": _left_out(done), "refusals": [one.document() for one in listed]
    }  # fmt: skip
    emit(document, as_json, lambda: _words(done, listed, dry_run=done.taken is None))


@app.command("list")
def list_imports(as_json: AsJson = False) -> None:
    """The latest imports."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = imports(session)
    lines = [f"{one.id}  {one.kind}  {one.source}  {one.name}  {one.rows} rows  {one.state}" for one in found]
    document = {"imports": [one.document() for one in found]}
    emit(document, as_json, lambda: "\n".join(lines) or "Nothing was brought over yet.")


@app.command("undo")
def undo(number: Number, as_json: AsJson = False) -> None:
    """Take a whole import back, where nothing was built on it."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = present()
            acts(session, Acting(now, "records undo"))
            done = undo_import(session, number, here(), now=now, today=today_in(settings().timezone))
        document = {"import": number, "removed": done.removed, "restored": done.restored}
        words = f"import {number} taken back: {done.removed} removed, {done.restored} as they were"
        emit(document, as_json, lambda: words)


@app.command("ways")
def list_ways(
    apply: Annotated[bool, typer.Option("--apply", help="put right what can be, in batches")] = False,
    as_json: AsJson = False,
) -> None:
    """Phones and e-mails of customers that are not in normal form, and what each would become."""
    changed = removed = 0
    with speaking(as_json), database() as engine:
        with unit_of_work(engine) as session:
            look_for_ways(session, country=here().country, now=present())
            can, cannot = ways(session, can=True, most=LISTED), ways(session, can=False, most=LISTED)
            figures = way_figures(session)
        while apply:
            with unit_of_work(engine) as session:
                acts(session, Acting(present(), "records ways"))
                done = mend_ways(session)
            changed, removed = changed + done.changed, removed + done.removed
            if not done.changed:
                break
    document = {
        "can": figures.can, "cannot": figures.cannot, "changed": changed, "removed": removed,
        "to_mend": [one.document() for one in can], "unreadable": [one.document() for one in cannot],
    }  # fmt: skip
    lines = [f"{one.number} {one.kind}: {one.value} becomes {one.becomes}" for one in can]
    lines += [f"{one.number} {one.kind}: {one.value} cannot be read, {WHY[one.why]}" for one in cannot]
    words = f"{figures.can} can be put right, {figures.cannot} cannot be read; {changed} were put right"
    emit(document, as_json, lambda: "\n".join([*lines, words]))


@app.command("map")
def show_map(
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx")],
    kind: Annotated[str, typer.Option(help="what its rows are")],
    encoding: Annotated[str, typer.Option()] = "",
    as_json: AsJson = False,
) -> None:
    """Guess how a file is to be read, as a mapping file (JSON) to be put right; and say what is open."""
    check_paths([file], as_json)
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        made = stage(session, file, kind=kind, source="guess", now=present(), form=Form(encoding))
        found = import_of(session, made)
        session.rollback()
    mapping = found.mapping
    fields = kind_named(kind).fields
    columns = {one.name: mapping.columns[one.name] for one in fields if one.name in mapping.columns}
    document = {"kind": kind, **mapping.document(), "columns": columns}
    emit(document, as_json, lambda: json.dumps(document, ensure_ascii=False, indent=2))
    for one in fields:
        if one.required and not (columns.get(one.name) or mapping.fixed.get(one.name)):
            typer.echo(f"No column is named for {one.name}, and it is needed.", err=True)
    for title in _left_out(found):
        typer.echo(f"{title} is left out.", err=True)


def _left_out(done: ImportShown) -> list[str]:
    """Titles of columns that become nothing."""
    named = set(done.mapping.columns.values())
    return [column.title for column in done.columns if column.title not in named]


def _words(done: ImportShown, listed: list[RefusalShown], dry_run: bool) -> str:
    report: Map[str, Any] = done.report or dict.fromkeys(("rows", *FATES), 0)
    sign = {"\t": "tab"}.get(done.delimiter, done.delimiter)
    lines = [f"read as {done.encoding}, cells parted by {sign}" if done.encoding else f"sheet {done.sheet}"]
    lines += [f"{title} is {name}" for name, title in done.mapping.columns.items()]
    lines += [f"{title} is left out" for title in _left_out(done)]
    for one in listed:
        told = one.document()
        place = f"line {one.line}" + (f", {one.title or one.field}" if one.field else "")
        lines.append(f"{place}: {told['message']} [{one.code}]")
    would = "would be " if dry_run else ""
    counts = f"{would}%(made)s new, %(changed)s changed, %(same)s the same, %(refused)s refused."
    lines.append(f"{report['rows']} rows: {counts % report}")
    money = (
        "%(currency)s %(month)s: in the file %(in_file)s, new %(made)s, the same %(same)s, refused "
        "%(refused)s; booked %(booked)s, difference %(difference)s (minor units)"
    )
    lines += [money % line for line in report.get("money", ())]
    for missing in report.get("missing", ()):
        lines.append(f"{missing['words']}: {missing['count']} ({', '.join(map(str, missing['first']))})")
    if not dry_run:
        lines.append(f"This is import {done.id}.")
    return "\n".join(lines)
