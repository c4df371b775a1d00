"""What other systems hear of feeds and readings. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.announcing.telling import Happening, announce_all
from utility_crm.kit.ports import Announced
from utility_crm.web.words import mark

Held = tuple[str, int, date, date]
"""The rule that doubts, the channel, the first day and the last."""
_PLACES = text("""
    select channels.id, channels.name as channel, point.code
    from channels join service_points as point on point.id = channels.service_point_id
    where channels.id = any(:ids)
""")
ANNOUNCED: Final = (
    Announced(
        "feed.taken", mark("A file of readings was taken in, or refused"),
        {"feed": 4711, "status": "partial", "readings": 48_000, "blocks_added": 990, "blocks_changed": 2,
         "problems": 8},
    ),
    Announced(
        "reading.held", mark("Readings were held back, since they seem wrong"),
        {"service_point": "SP-1001", "channel": "E1", "rule": "spike", "first_day": "2026-11-18",
         "last_day": "2026-11-19", "feed": 4711},
    ),
)  # fmt: skip


def announce_held(session: Session, held: Sequence[Held], feed_id: int | None, at: datetime) -> None:
    """Readings wait for somebody who judges them."""

    def told() -> Iterator[Happening]:
        ids = sorted({channel for _, channel, _, _ in held})
        places = {row.id: row for row in session.execute(_PLACES, {"ids": ids})}
        for rule, channel, first, last in held:
            place = places[channel]
            data = {"service_point": place.code, "channel": place.channel, "rule": rule, "feed": feed_id}
            yield Happening(data | {"first_day": first.isoformat(), "last_day": last.isoformat()})

    if held:
        announce_all(session, "reading.held", at, told)
