"""The lane that tells of incidents: from an event that was kept to notices in the outbox.

An event is kept in a moment, by a person or a machine; this lane takes it up, in any process and any number
of them. It holds a telling by a lease, finds who is to hear what (`outages.reached`), and queues the notices
in chunks, each in a transaction of its own, those who depend on the supply first and in a small chunk, so
that their notices leave while the rest are being written. Whoever dies in the middle is followed after the
lease by another, who asks again who heard what: the keys are the event's, so nobody is told twice.

Where notices of an earlier event are being sent at that moment, nobody knows whether their customers will
have heard: the telling stays open, and goes through again when that is known.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from threading import Event

from sqlalchemy import Engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from notifications.outages.calls import follow_calls
from notifications.outages.reached import notices, older_than, standing
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work

_log = logging.getLogger(__name__)
_DOWN_SECONDS = 2.0

_TAKE = text("""
    update outage_tellings set lease_until = :until, cursor = 0
    where event_id = (
        select event_id from outage_tellings
        where ended_at is null and (lease_until is null or lease_until <= :now)
        order by made_at, event_id limit 1 for update skip locked
    )
    returning event_id, outage_id
""")
_HOLD = text("""
    update outage_tellings set lease_until = :until, cursor = cursor + :gone, queued = queued + :queued
    where event_id = :event and ended_at is null and lease_until = :lease
    returning event_id
""")
_END = text("""
    update outage_tellings
    set ended_at = case when :open then null else cast(:now as timestamptz) end,
        lease_until = case when :open then cast(:again as timestamptz) end
    where event_id = :event and ended_at is null and lease_until = :lease
""")


@dataclass(frozen=True, slots=True)
class Teller:
    """How the lane works: notices in chunks of `chunk` (the first of `first`), held for `lease`; asks for new
    events every `idle_seconds`, and after what is being sent every `again`."""

    engine: Engine
    chunk: int = 500
    first: int = 100
    lease: timedelta = timedelta(seconds=30)
    again: timedelta = timedelta(seconds=0.5)
    idle_seconds: float = 0.25


class _Overtaken(Exception):
    """A newer event is told instead, or another holds this telling."""


def run_telling(teller: Teller, stop: Event) -> None:
    """Tell until `stop` is set. Outlives a lost database, and an incident that cannot be told."""
    while not stop.is_set():
        try:
            told = tell_next(teller, stop)
        except (OperationalError, InterfaceError) as error:
            _log.warning("telling of outages pauses: %s", error.orig)
            stop.wait(_DOWN_SECONDS)
            continue
        except Exception:  # its lease runs out, and it is tried again; others are told meanwhile
            _log.exception("an outage could not be told")
            told = False
        if not told:
            stop.wait(teller.idle_seconds)


def tell_next(teller: Teller, stop: Event) -> bool:
    """Tell of one event, if one waits; whether it did."""
    now = utc_now()
    lease = now + teller.lease
    with unit_of_work(teller.engine) as session:
        taken = session.execute(_TAKE, {"now": now, "until": lease}).one_or_none()
    if taken is None:
        return False
    on_their_way = 0
    try:
        # Those who depend on the supply are few and found at once: their notices leave while the others are
        # looked for. What they were told then, they are not told again: the keys are the same.
        for dependent in (True, False):
            with unit_of_work(teller.engine) as session:
                found = standing(session, taken.outage_id, now, dependent=dependent)
                if dependent:
                    on_their_way = older_than(session, found.about, taken.event_id, now)
                    follow_calls(session, found, now)
                waiting = notices(found, taken.event_id, now)
            for part in _chunks(waiting, teller):
                if stop.is_set():
                    return False
                until = utc_now() + teller.lease
                with unit_of_work(teller.engine) as session:
                    _queue(session, taken.event_id, part, lease, until)
                lease = until
    except _Overtaken:
        return True
    now = utc_now()
    given = {"event": taken.event_id, "lease": lease, "open": on_their_way > 0}
    with unit_of_work(teller.engine) as session:
        session.execute(_END, given | {"now": now, "again": now + teller.again})
    return True


def _queue(session: Session, event: int, part: Sequence[NewNotice], lease: object, until: object) -> None:
    # The telling's row is taken first: a newer event waits for this chunk, or this chunk finds it overtaken.
    held = {"event": event, "lease": lease, "until": until, "gone": len(part), "queued": 0}
    if session.execute(_HOLD, held).one_or_none() is None:
        raise _Overtaken
    became = queue_all(session, part, utc_now())
    queued = sum(one.outcome == "queued" for one in became)
    session.execute(_HOLD, {"event": event, "lease": until, "until": until, "gone": 0, "queued": queued})


def _chunks(waiting: Sequence[NewNotice], teller: Teller) -> list[Sequence[NewNotice]]:
    edges = [0, *range(min(teller.first, len(waiting)), len(waiting), teller.chunk), len(waiting)]
    return [waiting[begin:end] for begin, end in pairwise(edges) if end > begin]
