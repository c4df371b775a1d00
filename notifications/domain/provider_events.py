"""A gateway's events as they arrive: JSON in, values out. Pure; docs/permission.md says how they are written.

{"events": [{"event": "e-1", "key": "<...>", "kind": "delivered", "at": "2026-11-20T14:42:00Z"}, ...]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

MOST_EVENTS: Final = 500
LONGEST: Final = 200
KINDS: Final = ("delivered", "read", "bounced", "failed", "complained")
_NEEDED: Final = ("event", "key", "kind", "at")
_FIELDS: Final = (*_NEEDED, "detail")
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What happened to one message: `event` is the provider's own number of it, `key` the Idempotency-Key
    that we sent, `at` aware."""

    event: str
    key: str
    kind: str
    at: datetime
    detail: str = ""


class Unreadable(ValueError):
    """The body is not what was agreed: what is wrong, and `where` as a JSON path."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__(message)
        self.where = where


def read_events(body: bytes, now: datetime) -> list[ProviderEvent]:
    """The events of a body, in its order. Raises `Unreadable`, which names the first wrong place."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is no JSON.", "$") from error
    events = told.get("events") if isinstance(told, dict) else None
    if not isinstance(events, list):
        raise Unreadable('The body has to be {"events": [...]}.', "$.events")
    if len(events) > MOST_EVENTS:
        raise Unreadable(f"There may be {MOST_EVENTS} events at once; these are {len(events)}.", "$.events")
    return [_event(one, f"$.events[{place}]", now) for place, one in enumerate(events)]


def _event(one: Any, where: str, now: datetime) -> ProviderEvent:
    if not isinstance(one, dict):
        raise Unreadable("An event is an object.", where)
    for name in one:
        if name not in _FIELDS:
            raise Unreadable(
                f"There is no field {name!r}; there are {', '.join(_FIELDS)}.", f"{where}.{name}"
            )
    for name in _NEEDED:
        _text(one, name, where)
    if one["kind"] not in KINDS:
        raise Unreadable(f"An event is one of {', '.join(KINDS)}.", f"{where}.kind")
    detail = one.get("detail", "")
    if not isinstance(detail, str) or not _storable(detail):
        raise Unreadable("detail is a text.", f"{where}.detail")
    at = _instant(one["at"], now, f"{where}.at")
    return ProviderEvent(one["event"], one["key"], one["kind"], at, detail)


def _text(one: Mapping[str, Any], name: str, where: str) -> None:
    value = one.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not _storable(value):
        raise Unreadable(f"{name} is needed, as text of 1 to {LONGEST} letters.", f"{where}.{name}")


def _storable(value: str) -> bool:
    """A text in UTF-8 without a zero: JSON may hold one, and half of a letter, too."""
    return "\0" not in value and value.encode(errors="replace").decode() == value


def _instant(value: str, now: datetime, where: str) -> datetime:
    words = "at is a past instant with its offset, such as 2026-11-20T14:42:00Z."
    try:
        found = datetime.fromisoformat(value)
        found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(words, where) from error
    if found.tzinfo is None or found > now + _CLOCKS_DIFFER:
        raise Unreadable(words, where)
    return found
