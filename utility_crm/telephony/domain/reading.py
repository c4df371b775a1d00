"""One event as a telephone system posts it: JSON, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from utility_crm.kit.errors import Invalid
from utility_crm.telephony.domain.calls import KINDS, CallEvent

EARLIEST: Final = timedelta(days=30)
LATEST: Final = timedelta(minutes=10)
"""How far from now an event may have happened: late after a fault, or by a clock that is fast."""
_LONGEST: Final = {"call": 200, "event": 200, "extension": 20, "from": 60, "to": 60, "reference": 60}
_FIELDS: Final = frozenset({*_LONGEST, "type", "at", "direction", "recording"})


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event of a call. reference: our own name for a call that we asked for. at None: now."""

    call: str
    direction: Literal["in", "out"]
    reference: str
    happened: CallEvent


def read_event(told: Mapping[str, Any], now: datetime) -> ToldEvent:
    """The event in a document. Raises Invalid, which names the field."""
    unknown = sorted(set(told) - _FIELDS)
    if unknown:
        raise Invalid("unknown_field", f"An event has no field {unknown[0]!r}.", unknown[0])
    text = {name: _text(told, name, most) for name, most in _LONGEST.items()}
    for name in ("call", "event"):
        if not text[name]:
            raise Invalid("needed", f"An event needs the provider's own {name} id.", name)
    kind = next((kind for kind in KINDS if kind == told.get("type")), None)
    if kind is None:
        raise Invalid("event_type", f"The type is one of {', '.join(KINDS)}.", "type")
    direction = told.get("direction", "in")
    if direction not in ("in", "out"):
        raise Invalid("direction", "The direction is in or out.", "direction")
    other, own = ("from", "to") if direction == "in" else ("to", "from")
    recording = _recording(told.get("recording", ""))
    if kind == "recording" and not recording:
        raise Invalid("needed", "An event of a recording names where it lies.", "recording")
    happened = CallEvent(
        event=text["event"],
        kind=kind,
        at=_instant(told.get("at"), now),
        extension=text["extension"],
        number=text[other],
        line=text[own],
        recording=recording,
    )
    return ToldEvent(text["call"], direction, text["reference"], happened)


def _text(told: Mapping[str, Any], name: str, most: int) -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise Invalid("text", f"{name} is a text of at most {most} letters.", name)
    return value.strip()


def _instant(value: object, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid("at", "at is an instant with its zone, such as 2026-11-20T14:42:00Z.", "at")
    if not now - EARLIEST <= at <= now + LATEST:
        raise Invalid("at", "at is more than 30 days ago, or to come.", "at")
    return at.astimezone(UTC)


def _recording(value: object) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    plain = isinstance(value, str) and len(value) <= 1000 and value.isascii() and value.isprintable()
    if parts is None or not plain or parts.scheme not in ("http", "https") or not parts.netloc:
        raise Invalid("recording", "recording is an address, https://...", "recording")
    return str(value)
