"""`utility-crm privacy ...`: a customer's data in a file, what an erasure would do, how long things are
kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, acts, note_change
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.privacy.archive import write_archive
from utility_crm.privacy.erasing import what_would
from utility_crm.privacy.queries import customer_numbered
from utility_crm.privacy.reading import judgement_of, scopes_of, there, waits
from utility_crm.privacy.retaining import begin_night, go_on, retained, would_go
from utility_crm.web.visit import present, today
from utility_crm.web.words import LANGUAGES, mark

app = typer.Typer(help="A customer's data, taken out and taken away.", no_args_is_help=True)
Whom = Annotated[str, typer.Option("--customer", help="their number, or that of an account")]


@app.callback()
def privacy() -> None:
    """A customer's data, taken out and taken away."""


@app.command("export")
def export(
    customer: Whom,
    to: Annotated[Path, typer.Option("--to", help="the zip that is written")],
    language: Annotated[str, typer.Option(help="of the page inside; the customer's when absent")] = "",
    as_json: AsJson = False,
) -> None:
    """Everything of a customer in one archive: CSV, JSON, papers, a page to read, a manifest."""
    with speaking(as_json):
        if language and language not in LANGUAGES:
            raise Invalid("language", f"There are no words in {language!r}: en or ru.", "--language")
        with database() as engine, unit_of_work(engine) as session:
            now = _acting(session, "privacy export")
            customer_id = _numbered(session, customer)
            draft = to.with_name(f".{to.name}.part")
            try:
                with draft.open("wb") as opened:
                    made = write_archive(
                        session, customer_id, opened, now=now, today=today(now), language=language
                    )
                note_change(session, customer_id, mark("archive of data"), None, {"files": len(made.entries)})
                draft.replace(to)
            finally:
                draft.unlink(missing_ok=True)
        document = {
            "file": str(to),
            "files": len(made.entries),
            "bytes": to.stat().st_size,
            "rows": sum(one.rows or 0 for one in made.entries if one.name.endswith(".csv")),
            "could_not_be_made": [{"name": name, "why": why} for name, why in made.failed],
        }
        emit(document, as_json, lambda: f"{to}: {document['files']} files, {document['bytes']} bytes")
        if made.failed:
            raise typer.Exit(1)


@app.command("would-erase")
def would_erase(customer: Whom, as_json: AsJson = False) -> None:
    """What an erasure would delete, empty and keep, until when, and what stands in its way; nothing is
    done."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            document = _dry_run(session, customer)
        emit(document, as_json, lambda: _in_words(document))
        if not document["may_go"]:
            raise typer.Exit(1)


def _dry_run(session: Session, customer: str) -> dict[str, Any]:
    now = present()
    one = there(session, _numbered(session, customer))
    scopes = scopes_of(session, one.id, today(now))
    judgement = judgement_of(session, scopes, settings().country, today(now))
    words = {wait.code: wait.words for _package, wait in waits()}
    return {
        "customer": one.number,
        "may_go": judgement.may_go,
        "in_the_way": [
            {"code": wait.code, "words": words[wait.code] % {"many": wait.many, "which": wait.which}}
            for wait in judgement.waits
        ]
        + [{"code": "hold", "words": hold.reason} for hold in judgement.holds],
        "kept": [
            {"kind": kept.kind, "until": kept.until.isoformat(), "source": kept.source}
            for kept in judgement.kept
        ],
        "tables": [
            {
                "table": gone.table,
                "deleted": gone.deleted,
                "emptied": gone.emptied,
                "stays": gone.stays,
                "kept": gone.kept,
            }
            for gone in what_would(session, scopes, judgement)
        ],
    }


def _in_words(document: dict[str, Any]) -> str:
    lines = [f"in the way: {one['words']}" for one in document["in_the_way"]]
    lines += [f"kept until {one['until']}: {one['kind']} ({one['source']})" for one in document["kept"]]
    lines += [
        f"{one['table']}: {one['deleted']} deleted, {one['emptied']} emptied, {one['stays']} stay"
        for one in document["tables"]
    ]
    return "\n".join([*lines, "it may be done" if document["may_go"] else "it waits"])


@app.command("retention")
def retention(
    go: Annotated[bool, typer.Option("--go", help="do it now, without waiting for the night")] = False,
    as_json: AsJson = False,
) -> None:
    """How long each kind of data is kept, and how much of it is older than that."""
    with speaking(as_json), database() as engine:
        zone = settings().timezone
        if go:
            with unit_of_work(engine) as session:
                begin_night(session, _acting(session, "privacy retention"), zone, at_once=True)
            more = True
            while more:  # each call is a unit of work of its own: whoever stops it loses one
                with unit_of_work(engine) as session:
                    _gone, more = go_on(session, _acting(session, "privacy retention"))
        with unit_of_work(engine) as session:
            counted = would_go(session, present(), zone)
            kinds = [
                {
                    "kind": one.aging.kind,
                    "months": one.months,
                    "source": one.because or one.aging.source,
                    "older": counted[one.aging.kind].gone,
                    "held": counted[one.aging.kind].held,
                }
                for one in retained(session)
            ]
    emit({"kinds": kinds}, as_json, lambda: "\n".join(map(_kind_in_words, kinds)))


def _kind_in_words(one: dict[str, Any]) -> str:
    months = "for ever" if one["months"] is None else f"{one['months']} months"
    older = "not counted" if one["older"] is None else f"{one['older']} older"
    return f"{one['kind']}: {months}, {older}, {one['held']} held"


def _numbered(session: Session, number: str) -> int:
    found = customer_numbered(session, number)
    if found is None:
        raise NotFound("customer", "There is no customer or account of this number.", number)
    return found


def _acting(session: Session, what: str) -> datetime:
    now = present()
    acts(session, Acting(now, what))
    return now
