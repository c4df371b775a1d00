"""One event as a telephone system posts it: JSON, checked field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from utility_crm.kit.errors import Invalid
from utility_crm.telephony.domain.calls import CallEvent, Kind
from utility_crm.web.bodies import Body, Instant, Text, read_body, wrong

EARLIEST: Final = timedelta(days=30)
LATEST: Final = timedelta(minutes=10)
"""How far from now an event may have happened: late after a fault, or by a clock that is fast."""


def _address(given: str) -> str:
    try:
        parts = urlsplit(given)
    except ValueError:
        parts = urlsplit("")
    if given and (not given.isascii() or parts.scheme not in ("http", "https") or not parts.netloc):
        raise wrong("recording", "is an address, https://...")
    return given


class Event(Body):
    """What is told of a call: the provider's ids of call and event, and what happened."""

    call: Annotated[str, Text(200, least=1, one_line=True)]
    event: Annotated[str, Text(200, least=1, one_line=True)]
    type: Kind
    at: Annotated[datetime, Instant()] | None = None
    direction: Literal["in", "out"] = "in"
    from_: Annotated[str, Text(60, one_line=True)] = Field("", alias="from")
    to: Annotated[str, Text(60, one_line=True)] = ""
    extension: Annotated[str, Text(20, one_line=True)] = ""
    reference: Annotated[str, Text(60, one_line=True)] = ""
    recording: Annotated[str, Text(1000, one_line=True), AfterValidator(_address)] = ""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event of a call. reference: our own name for a call that we asked for."""

    call: str
    direction: Literal["in", "out"]
    reference: str
    happened: CallEvent


def read_event(told: object, now: datetime) -> ToldEvent:
    """The event in a document; without `at` it happened now. Raises Invalid, which names the field."""
    event = read_body(Event, told)
    at = event.at or now
    if not now - EARLIEST <= at <= now + LATEST:
        raise Invalid("at", "at is more than 30 days ago, or to come.", "$.at")
    if event.type == "recording" and not event.recording:
        raise Invalid("missing_field", "An event of a recording names where it lies.", "$.recording")
    number, line = (event.from_, event.to) if event.direction == "in" else (event.to, event.from_)
    happened = CallEvent(
        event=event.event.strip(),
        kind=event.type,
        at=at,
        extension=event.extension.strip(),
        number=number.strip(),
        line=line.strip(),
        recording=event.recording,
    )
    return ToldEvent(event.call.strip(), event.direction, event.reference.strip(), happened)
