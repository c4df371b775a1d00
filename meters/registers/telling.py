"""A read as a person tells it, on the phone or at a terminal: its time and its figure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from meters.asking import zone_of
from meters.domain.decimals import MISSING, REGISTER_LIMIT, micro_of
from meters.tables import ServicePoint
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.network.tables import Premise


def told_instant(session: Session, service_point: str, said: str, timezone: str = "") -> datetime:
    """A time on the clock named, else the premise's, else the supplier's; a date is its first instant. Raises
    Invalid."""
    try:
        moment = datetime.fromisoformat(said.strip())
    except ValueError as error:
        message = f"{said!r} is not a time like 2026-11-19 or 2026-11-19T10:30."
        raise Invalid("unreadable_time", message, "at") from error
    if moment.tzinfo is not None:
        return moment
    home = session.scalar(
        select(Premise.timezone)
        .join(ServicePoint, ServicePoint.premise_id == Premise.id)
        .where(ServicePoint.code == service_point.strip())
    )
    return moment.replace(tzinfo=zone_of(timezone) or ZoneInfo(home or settings().timezone))


def told_figure(said: str, where: str = "value") -> int:
    """Millionths of a decimal, below zero or not. Raises Invalid."""
    micro = micro_of(said, signed=True, limit=REGISTER_LIMIT)
    if isinstance(micro, str) or micro == MISSING:
        raise Invalid("not_a_number", f"{said!r} is not a number that a dial can show.", where)
    return micro
