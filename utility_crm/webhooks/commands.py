"""`utility-crm webhooks ...`: other systems that are told what happens here."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from utility_crm.auth.audit import Acting, acts
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid
from utility_crm.kit.runtime import database, signing_keys
from utility_crm.kit.settings import settings
from utility_crm.webhooks.actions import (
    State,
    Wanted,
    add_listener,
    change_listener,
    remove_listener,
    send_again,
    send_dead_again,
    send_test,
    set_state,
    turn_secret,
)
from utility_crm.webhooks.domain.signing import signature
from utility_crm.webhooks.kinds import kinds
from utility_crm.webhooks.lane import Sender, send_due
from utility_crm.webhooks.queries import Delivery, Listener, deliveries, listener, listener_called, listeners

app = typer.Typer(help="Other systems that are told what happens here.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="the listener, by its name")]
Events = Annotated[list[str] | None, typer.Option("--event", help="a kind it hears of; may be repeated")]
Personal = Annotated[
    bool | None, typer.Option("--personal/--no-personal", help="with names, addresses and words")
]


@app.callback()
def webhooks() -> None:
    """Other systems that are told what happens here."""


@app.command("kinds")
def list_kinds(as_json: AsJson = False) -> None:
    """What can be heard of, with an example of each."""
    told = [
        {"kind": one.kind, "when": one.words, "data": dict(one.data), "personal": dict(one.personal)}
        for one in kinds().values()
    ]
    emit({"kinds": told}, as_json, lambda: "\n".join(f"{one['kind']:28} {one['when']}" for one in told))


@app.command("add")
def add(
    name: Name,
    url: Annotated[str, typer.Option(help="where to, https://...")],
    event: Events = None,
    personal: Personal = None,
    as_json: AsJson = False,
) -> None:
    """Tell another system; its secret is shown this once."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = utc_now()
            acts(session, Acting(now, "webhooks add"))
            wanted = Wanted(name, url, tuple(event or ()), bool(personal))
            made = add_listener(
                session, wanted, Sealer(signing_keys()), now, by=None, local=settings().webhooks_local
            )
            shown = _document(listener(session, made.id))
        words = f"{made.secret}\n{made.name} is told from now on. The secret is not shown again."
        emit(shown | {"secret": made.secret}, as_json, lambda: words)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Who listens, and how that goes."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            rows = listeners(session)
        lines = [
            f"{row.state:6} {row.name}  {row.url}  {row.waiting} wait, {row.dead} did not arrive"
            for row in rows
        ]
        emit({"webhooks": [_document(row) for row in rows]}, as_json, lambda: "\n".join(lines) or "Nobody.")


@app.command("change")
def change(
    name: Name,
    url: Annotated[str, typer.Option(help="another address")] = "",
    event: Events = None,
    personal: Personal = None,
    to: Annotated[str, typer.Option("--name", help="another name")] = "",
    as_json: AsJson = False,
) -> None:
    """Another address, name, or other events; what is not named stays."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = utc_now()
            acts(session, Acting(now, "webhooks change"))
            is_ = listener(session, listener_called(session, name))
            wanted = Wanted(
                to or is_.name, url or is_.url, tuple(event or is_.events),
                is_.personal if personal is None else personal,
            )  # fmt: skip
            change_listener(session, is_.id, wanted, now, local=settings().webhooks_local)
            shown = _document(listener(session, is_.id))
        emit(shown, as_json, lambda: f"{shown['name']} is kept.")


@app.command("on")
def on(name: Name, as_json: AsJson = False) -> None:
    """Send to it (again)."""
    _state(name, "on", as_json)


@app.command("pause")
def pause(name: Name, as_json: AsJson = False) -> None:
    """Let its events wait until it is on again."""
    _state(name, "paused", as_json)


@app.command("off")
def off(name: Name, as_json: AsJson = False) -> None:
    """Send nothing, and keep nothing for it."""
    _state(name, "off", as_json)


@app.command("remove")
def remove(name: Name, as_json: AsJson = False) -> None:
    """Forget it, with all that was sent to it."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            acts(session, Acting(utc_now(), "webhooks remove"))
            remove_listener(session, listener_called(session, name))
        emit({"name": name, "removed": True}, as_json, lambda: f"{name} is forgotten.")


@app.command("rotate")
def rotate(
    name: Name,
    hours: Annotated[int, typer.Option(min=0, max=720, help="so long the old secret signs as well")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a new secret, and show it this once."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = utc_now()
            acts(session, Acting(now, "webhooks rotate"))
            number = listener_called(session, name)
            made = turn_secret(session, number, Sealer(signing_keys()), now, both=timedelta(hours=hours))
        words = f"{made.secret}\nThe old one signs for {hours} hours more. This one is not shown again."
        emit({"name": name, "secret": made.secret, "both_hours": hours}, as_json, lambda: words)


@app.command("test")
def test(name: Name, as_json: AsJson = False) -> None:
    """Send it a test event, by whatever delivers."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            event = send_test(session, listener_called(session, name), utc_now())
        emit({"name": name, "event": event}, as_json, lambda: f"{event} is on its way.")


@app.command("log")
def log(
    name: Annotated[str, typer.Argument(help="a listener; all if absent")] = "",
    state: Annotated[str, typer.Option(help="waiting, arrived or dead")] = "",
    most: Annotated[int, typer.Option(min=1, max=10_000, help="so many, the newest first")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was sent, and what came of it."""
    with speaking(as_json):
        if state not in ("", "waiting", "arrived", "dead"):
            raise Invalid("state", "A delivery is waiting, arrived or dead.", "--state")
        with database() as engine, unit_of_work(engine) as session:
            whose = listener_called(session, name) if name else None
            rows = deliveries(session, listener_id=whose, state=state, limit=most)
        lines = [
            f"{row.at:%Y-%m-%d %H:%M} {row.state:8} {row.status or '-':>4} {row.kind:24} {row.listener}  "
            f"{row.event}  {row.detail}"
            for row in rows
        ]
        emit({"deliveries": [_sent(row) for row in rows]}, as_json, lambda: "\n".join(lines) or "Nothing.")


@app.command("again")
def again(
    name: Name,
    event: Annotated[str, typer.Argument(help="the event, evt_...; all that did not arrive if absent")] = "",
    as_json: AsJson = False,
) -> None:
    """Send something once more, under the id it had."""
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now, number = utc_now(), listener_called(session, name)
            if event:
                ids = [one.id for one in deliveries(session, listener_id=number, event=event)]
                count = send_again(session, ids, now)
            else:
                count = send_dead_again(session, number, now)
        emit({"name": name, "again": count}, as_json, lambda: f"{count} are on their way again.")


@app.command("send")
def send(as_json: AsJson = False) -> None:
    """Send what is due now, once, without `deliver`."""
    with speaking(as_json):
        with database() as engine:
            sender = Sender(engine, Sealer(signing_keys()), settings().webhooks_local)
            tried = 0
            while count := send_due(sender):
                tried += count
        emit({"tried": tried}, as_json, lambda: f"{tried} tried.")


@app.command("sign")
def sign(
    event: Annotated[str, typer.Option("--id", help="what the header webhook-id says")],
    timestamp: Annotated[int, typer.Option(help="what the header webhook-timestamp says")],
    secret: Annotated[str, typer.Option(envvar="UTILITY_CRM_WEBHOOK_SECRET", help="whsec_...")],
    as_json: AsJson = False,
) -> None:
    """Sign a body from standard input, to compare with the header webhook-signature."""
    with speaking(as_json):
        made = signature(secret, event, datetime.fromtimestamp(timestamp, UTC), sys.stdin.buffer.read())
        emit({"signature": made}, as_json, lambda: made)


def _state(name: str, state: State, as_json: bool) -> None:
    with speaking(as_json):
        with database() as engine, unit_of_work(engine) as session:
            now = utc_now()
            acts(session, Acting(now, f"webhooks {state}"))
            number = listener_called(session, name)
            changed = set_state(session, number, state, now)
        document = {"name": name, "state": state, "changed": changed}
        emit(document, as_json, lambda: f"{name} is {state}.")


def _document(row: Listener) -> dict[str, Any]:
    return {
        "name": row.name, "url": row.url, "events": list(row.events), "personal": row.personal,
        "state": row.state, "off_because": row.off_because, "failures": row.failures,
        "failing_since": _iso(row.failing_since), "arrived_at": _iso(row.arrived_at),
        "old_secret_until": _iso(row.old_secret_until),
        "waiting": row.waiting, "dead": row.dead, "arrived": row.arrived,
    }  # fmt: skip


def _sent(row: Delivery) -> dict[str, Any]:
    return {
        "event": row.event, "kind": row.kind, "webhook": row.listener, "at": _iso(row.at), "state": row.state,
        "attempts": row.attempts, "status": row.status, "detail": row.detail,
        "tried_at": _iso(row.tried_at), "again_at": _iso(row.not_before),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
