"""The mail room at the command line."""

from __future__ import annotations

from collections import Counter
from typing import Any

import typer
from sqlalchemy import Engine

from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import Stored, mark_stored, note_failure, source_named, store_new
from utility_crm.mail.mailbox import Address, Mailbox, MailboxDown, opened
from utility_crm.mail.placing import place_each
from utility_crm.mail.queries import arrival_figures

app = typer.Typer(help="What comes in by mail, web form and messenger.", no_args_is_help=True)


@app.callback()
def mail() -> None:
    """What comes in by mail, web form and messenger."""


@app.command()
def fetch(as_json: AsJson = False) -> None:
    """Fetch all new mail now and place it in tickets. Safe to kill and to repeat."""
    with speaking(as_json):
        address = Address.of(settings())
        if address is None:
            raise Refused("no_mailbox", "No mailbox is set up: set UTILITY_CRM_IMAP_HOST.")
        with database() as engine:
            done = fetch_all(engine, address)
        emit(done, as_json, lambda: _words(done))


@app.command()
def status(as_json: AsJson = False) -> None:
    """What came in today, what waits for a person, and how the mailbox stands."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            found = arrival_figures(session, utc_now())
        emit(found.document(), as_json, found.words)


def fetch_all(engine: Engine, address: Address) -> dict[str, Any]:
    """Everything there is, each step committed before the next: stored, then marked, then placed. Raises
    `Refused` where the server cannot be read, or another reader is at it."""
    counted: Counter[str] = Counter()
    try:
        with opened(address) as box:
            while _step(engine, address, box, counted).more:
                pass
            with unit_of_work(engine) as session:
                if (source := source_named(session, address.name)) is not None:
                    counted["marked"] += mark_stored(session, source, box, utc_now())
    except MailboxDown as error:
        with unit_of_work(engine) as session:
            if (source := source_named(session, address.name)) is not None:
                note_failure(session, source, str(error), utc_now())
        raise Refused("mailbox_down", f"The mailbox could not be read: {error}", address.name) from error
    while True:
        became = place_each(engine, utc_now())
        if not became:
            break
        counted.update(became)
    return {name: counted[name] for name in _FIGURES}


_FIGURES = ("new", "known", "not_given", "marked", "placed", "waiting", "ignored")


def _step(engine: Engine, address: Address, box: Mailbox, counted: Counter[str]) -> Stored:
    with unit_of_work(engine) as session:
        source = source_named(session, address.name)
        if source is None:
            raise Refused("mailbox_busy", "Another reader is at this mailbox.", address.name)
        counted["marked"] += mark_stored(session, source, box, utc_now())
        stored = store_new(session, source, box, utc_now())
    counted.update(new=stored.new, known=stored.known, not_given=stored.not_given)
    return stored


def _words(done: dict[str, Any]) -> str:
    return "\n".join(f"{done[name]:>6}  {name.replace('_', ' ')}" for name in _FIGURES)
