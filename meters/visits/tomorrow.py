"""What the clock does of visits: whoever somebody comes to tomorrow is told so."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.visits.changing import held_of
from notifications.outbox.queueing import queue_all
from notifications.types.appointment import appointment
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

TOLD = mark("%(told)s told of a visit tomorrow")
_TOMORROW = text("""
    select v.id, v.customer_id, v.kind, v.on_day, v.starts, v.ends, v.state, v.moves, v.note,
           concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')) as place, p.timezone,
           (select a.id from occupancies o join accounts a on a.id = o.account_id
            where o.premise_id = v.premise_id and a.customer_id = v.customer_id
            order by o.starts_on desc, a.id limit 1) as account_id,
           greatest(v.made_at, (select max(e.at) from appointment_events e where e.appointment_id = v.id))
               as told_at
    from appointments v join premises p on p.id = v.premise_id
    where v.state = 'booked' and v.on_day between :first and :last
    order by v.id
""")


def tell_of_tomorrow(session: Session, now: datetime) -> str:
    """Everybody whose visit is on the next day of the calendar there, once; not who booked or moved it today
    and has just been told. Run again, nobody is told twice: the outbox knows its keys."""
    today = now.astimezone(ZoneInfo(settings().timezone)).date()
    rows = session.execute(_TOMORROW, {"first": today, "last": today + timedelta(days=2)}).all()
    notices = []
    for row in rows:
        held = held_of(row)
        there = now.astimezone(held.zone).date()
        fresh = row.told_at.astimezone(held.zone).date() == there
        if held.on_day == there + timedelta(days=1) and not fresh:
            told = appointment(
                customer_id=held.customer_id, account_id=held.account_id, event="tomorrow",
                booked=held.announced(), moves=held.moves,
            )  # fmt: skip
            notices.append(told)
    new = [one for one in queue_all(session, notices, now) if one.outcome == "queued"] if notices else []
    return said(TOLD, told=len(new)) if new else ""
