"""`utility-crm telephony ...`: a telephone system that is played, for trying and for tests."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any

import typer

from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.telephony.actions import take_event
from utility_crm.telephony.reading import read_event
from utility_crm.web.visit import present

app = typer.Typer(help="Play the telephone system: ring, answer, end.", no_args_is_help=True)
Extension = Annotated[str, typer.Option(help="whose telephone: the extension of a user")]
Name = Annotated[str, typer.Option("--call", help="the call, as `ring` named it")]


@app.callback()
def telephony() -> None:
    """Play the telephone system: ring, answer, end."""


@app.command("ring")
def ring(
    number: Annotated[str, typer.Option(help="who calls")],
    extension: Extension,
    line: Annotated[str, typer.Option(help="the number they called")] = "",
    as_json: AsJson = False,
) -> None:
    """Let a telephone ring: the caller's page opens for whoever sits at it."""
    call = f"played-{secrets.token_hex(4)}"
    _tell({"call": call, "type": "ringing", "from": number, "to": line, "extension": extension}, as_json)


@app.command("answer")
def answer(call: Name, extension: Extension, as_json: AsJson = False) -> None:
    """Take the call."""
    _tell({"call": call, "type": "answered", "extension": extension}, as_json)


@app.command("hold")
def hold(call: Name, as_json: AsJson = False) -> None:
    """Put the call on hold; `resume` goes on."""
    _tell({"call": call, "type": "held"}, as_json)


@app.command("resume")
def resume(call: Name, as_json: AsJson = False) -> None:
    """Go on with a call that was on hold."""
    _tell({"call": call, "type": "resumed"}, as_json)


@app.command("transfer")
def transfer(call: Name, extension: Extension, as_json: AsJson = False) -> None:
    """Let the call ring at another telephone."""
    _tell({"call": call, "type": "transferred", "extension": extension}, as_json)


@app.command("end")
def end(
    call: Name,
    recording: Annotated[str, typer.Option(help="where it was recorded, https://...")] = "",
    as_json: AsJson = False,
) -> None:
    """End the call."""
    _tell({"call": call, "type": "ended", "recording": recording}, as_json)


def _tell(told: dict[str, Any], as_json: bool) -> None:
    now: datetime = present()
    with speaking(as_json):
        event = read_event(told | {"event": secrets.token_hex(8)}, now)
        with database() as engine, unit_of_work(engine) as session:
            taken = take_event(session, event, country=settings().country, now=now)
        document = {"call": told["call"], "id": taken.call_id, "state": taken.state}
        emit(document, as_json, lambda: f"{told['call']}: {taken.state}")
