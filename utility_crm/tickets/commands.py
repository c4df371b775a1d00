"""`utility-crm tickets ...`"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database
from utility_crm.tickets.api import document_of
from utility_crm.tickets.domain.filters import read
from utility_crm.tickets.domain.numbers import id_of
from utility_crm.tickets.queries.queue import TicketLine, everything
from utility_crm.tickets.words import STATUS_WORDS

app = typer.Typer(help="Tickets: what somebody wants of us.", no_args_is_help=True)


@app.callback()
def tickets() -> None:
    """Tickets: what somebody wants of us."""


@app.command("list")
def list_(
    status: Annotated[
        str, typer.Option(help="active, ended, any, or one: new, open, waiting, ...")
    ] = "active",
    kind: Annotated[str, typer.Option(help="billing, outage, meter, complaint, move, other")] = "",
    words: Annotated[str, typer.Option(help="words of the subject, the conversation or the name")] = "",
    limit: Annotated[int, typer.Option(min=1, max=5000, help="at most so many")] = 200,
    as_json: AsJson = False,
) -> None:
    """Tickets by what they wait for, the first due first."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        asked = read({"status": status, "kind": kind, "words": words, "sleep": "any"})
        found = everything(session, asked, utc_now(), limit)
        document = {"all": found.all, "tickets": [_line(one) for one in found.rows]}
        emit(document, as_json, lambda: "\n".join([*map(_words, found.rows), f"{found.all} in all"]))


@app.command()
def show(number: Annotated[str, typer.Argument(help="such as T-10432")], as_json: AsJson = False) -> None:
    """One ticket with its conversation; notes are left out."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        ticket_id = id_of(number)
        if ticket_id is None:
            raise NotFound("no_such_ticket", f"There is no ticket {number}.", "number")
        document = document_of(session, ticket_id)
        said = [f"{one['at']} {one['direction']}: {one['text']}" for one in document["messages"]]
        head = f"{document['number']} {document['status']} {document['subject']}"
        emit(document, as_json, lambda: "\n".join([head, *said]))


def _line(one: TicketLine) -> dict[str, Any]:
    return {
        "number": one.number, "subject": one.subject, "kind": one.kind, "status": one.status,
        "priority": one.priority, "channel": one.channel, "customer": one.customer or None,
        "assignee": one.assignee or None, "team": one.team or None, "opened_at": _at(one.opened_at),
        "waits_since": _at(one.waits_since), "due_at": _at(one.due_at),
    }  # fmt: skip


def _at(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def _words(one: TicketLine) -> str:
    who = one.customer or one.sender or "somebody unknown"
    return f"{one.number}  {STATUS_WORDS[one.status]:<16} {one.subject} ({who})"
