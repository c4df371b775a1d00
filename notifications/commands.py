"""`utility-crm notifications ...`"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from sqlalchemy import select

from notifications.consents.recording import record_consent
from notifications.outages.commands import app as outages_app
from notifications.outbox.queries import OutboxFigures, outbox_figures
from notifications.outbox.queueing import try_again
from notifications.receiving.bounces import Bounces, take_bounces
from utility_crm.customers.tables import Customer
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database

Purpose = Literal["service", "marketing"]
Way = Literal["email", "sms", "messenger", "push", "letter", "call"]

app = typer.Typer(help="Notices on their way.", no_args_is_help=True)
app.add_typer(outages_app, name="outages")


@app.callback()
def notifications() -> None:
    """Notices on their way."""


@app.command()
def outbox(as_json: AsJson = False) -> None:
    """How many notices wait, went out, were withheld and why, or could not be sent."""
    with speaking(as_json):
        now = utc_now()
        with database() as engine, unit_of_work(engine) as session:
            found = outbox_figures(session, now - timedelta(days=1))
        emit(_document(found), as_json, lambda: _words(found))


@app.command()
def retry(
    notice: Annotated[int | None, typer.Option(min=1, help="this one alone; else all of them")] = None,
    as_json: AsJson = False,
) -> None:
    """Send again what could not be sent: dead notices begin anew."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            revived = try_again(session, utc_now(), notice)
        emit({"waiting": revived}, as_json, lambda: f"{revived} notices wait again.")


@app.command()
def consent(
    customer: Annotated[str, typer.Option(help="number of the customer")],
    purpose: Annotated[Purpose, typer.Option(help="service: outages and bills; marketing: the rest")],
    granted: Annotated[bool, typer.Option("--granted/--withdrawn", help="their word")],
    proof: Annotated[str, typer.Option(help="how we know, such as 'by telephone'")],
    channel: Annotated[Way, typer.Option(help="how they are written to")] = "email",
    as_json: AsJson = False,
) -> None:
    """Keep a customer's word for or against being written to; what waits to be sent heeds it, too."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            found = session.scalar(select(Customer.id).where(Customer.number == customer))
            if found is None:
                raise NotFound("no_such_customer", f"There is no customer {customer}.", customer)
            record_consent(session, found, purpose, channel, granted=granted, now=utc_now(), proof=proof)
        kept = {"customer": customer, "purpose": purpose, "channel": channel, "granted": granted}
        emit(
            kept,
            as_json,
            lambda: f"{customer}: {purpose} by {channel} {'granted' if granted else 'withdrawn'}",
        )


@app.command()
def bounces(
    paths: Annotated[list[Path], typer.Argument(help="mails (.eml), boxes (mbox) or folders (maildir)")],
    as_json: AsJson = False,
) -> None:
    """Act on what mail servers say became of letters (RFC 3464); reading it again changes nothing."""
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"There is no {path}.", param_hint="PATHS")
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            found = take_bounces(session, paths, utc_now())
        emit(_bounces_document(found), as_json, lambda: _bounces_words(found))
    if found.unread:
        raise typer.Exit(1)


def _bounces_document(found: Bounces) -> dict[str, Any]:
    return {
        "mails": found.mails,
        "became": dict(found.became),
        "replies": found.replies,
        "others": found.others,
        "known": found.known,
        "of_no_notice": found.of_no_notice,
        "unread": [{"where": one.where, "why": one.why} for one in found.unread],
    }


def _bounces_words(found: Bounces) -> str:
    lines = [f"{found.mails} mails: {found.replies} automatic answers, {found.others} others"]
    lines += [f"{number:>6}  {became}" for became, number in sorted(found.became.items())]
    lines += [f"{found.known} told before, {found.of_no_notice} about no letter of ours"]
    lines += [f"{one.where}: {one.why}" for one in found.unread]
    return "\n".join(lines)


def _document(found: OutboxFigures) -> dict[str, Any]:
    oldest = found.oldest_waiting
    return {
        "states": dict(found.states),
        "withheld": {str(reason): number for reason, number in found.withheld.items()},
        "sent_last_day": found.sent_since,
        "oldest_waiting": oldest.isoformat() if oldest else None,
    }


def _words(found: OutboxFigures) -> str:
    lines = [f"{state:>9}  {number}" for state, number in found.states.items()]
    lines += [
        f"           {number} withheld because {reason.words}" for reason, number in found.withheld.items()
    ]
    return "\n".join(lines)
