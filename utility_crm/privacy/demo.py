"""Privacy's part of the simulated utility: a few requests with their days, a hold, an archive for the
clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.demo.context import DemoBuild
from utility_crm.kit.settings import settings
from utility_crm.privacy.asking import ask, close, place_hold
from utility_crm.privacy.exports import ask_archive

_WHO = text("""
    select id from customers where kind = 'person' and merged_into_id is null and id > 3 order by id limit 6
""")
_STAFF = text("select id from users where role = any(:roles) order by id limit 1")
_ASKED: tuple[tuple[str, str, str, int], ...] = (
    ("erasure", "letter", "a signed letter, the signature is that of the contract", 27),
    ("export", "email", "from the e-mail address on file, answered by the code sent there", 3),
    ("erasure", "call", "two questions of the caller check were answered", 12),
    ("export", "visit", "showed a passport at the counter", 6),
)


def build(context: DemoBuild) -> None:
    """Four requests, the first of them due in a few days, one refused; a hold; one archive to be made."""
    today = context.plan.as_of
    now = datetime.combine(today, time(8, 10), ZoneInfo(settings().timezone))
    with context.session() as session:
        people = list(session.scalars(_WHO))
        agent, lead = _somebody(session, "supervisor", "admin"), _somebody(session, "admin", "supervisor")
        if agent is None or lead is None or len(people) < 5:
            return
        known: dict[str, Any] = {"now": now, "today": today, "country": settings().country, "by": agent}
        made = [
            ask(session, customer, kind, channel, proof, today - timedelta(days=days), **known)
            for customer, (kind, channel, proof, days) in zip(people, _ASKED, strict=False)
        ]
        close(
            session, made[2], "refused", "they still buy energy from us: asked to come back when they leave",
            by=lead, now=now,
        )  # fmt: skip
        ask_archive(session, people[1], by=agent, now=now)
        place_hold(
            session, people[4], "a case about the meter is before the ombudsman", today + timedelta(days=60),
            by=lead, now=now, today=today,
        )  # fmt: skip


def _somebody(session: Session, *roles: str) -> int | None:
    found: int | None = session.scalar(_STAFF, {"roles": list(roles)})
    return found
