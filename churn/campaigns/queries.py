"""What pages of campaigns show: session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import HANDED_OVER, summed_up
from utility_crm.segments.queries import saved_segments


@dataclass(frozen=True, slots=True)
class ArmRow:
    """An arm as it is written down."""

    key: str
    name: str
    weight: int
    ways: Sequence[str]
    words: Mapping[str, Any]


_ARMS = text("select key, name, weight, ways, words from campaign_arms where campaign_id = :id order by key")


def arms(session: Session, campaign_id: int) -> list[ArmRow]:
    """By their letters."""
    return [ArmRow(*row) for row in session.execute(_ARMS, {"id": campaign_id})]


@dataclass(frozen=True, slots=True)
class LogRow:
    """Something that was done to a campaign; `who` is empty where the clock did it."""

    at: datetime
    kind: str
    detail: str
    who: str


_LOG = text("""
    select e.at, e.kind, e.detail, coalesce(u.name, '') from campaign_events e
    left join users u on u.id = e.by_user
    where e.campaign_id = :id order by e.at desc, e.id desc limit 12
""")


def log(session: Session, campaign_id: int) -> list[LogRow]:
    """The newest first."""
    return [LogRow(*row) for row in session.execute(_LOG, {"id": campaign_id})]


_REASONS = text("""
    select reason, count(*) from campaign_members where campaign_id = :id and reason <> ''
    group by reason order by 2 desc, 1
""")
_KEPT_BACK = text(f"""
    select m.not_sent, count(*) from campaign_members m
    where m.campaign_id = :id and m.not_sent <> '' and not ({HANDED_OVER})
    group by not_sent order by 2 desc, 1
""")


def left_out(session: Session, campaign_id: int) -> list[tuple[str, int]]:
    """(reason, customers) of those who were not drawn, the most frequent first."""
    return list(summed_up((row[0], row[1]) for row in session.execute(_REASONS, {"id": campaign_id})))


def kept_back(session: Session, campaign_id: int) -> list[tuple[str, int]]:
    """(reason, customers) of those who were drawn and to whom nothing was sent."""
    return list(summed_up((row[0], row[1]) for row in session.execute(_KEPT_BACK, {"id": campaign_id})))


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the campaign in a list. Why they were left out is not said of one."""

    customer_id: int
    number: str
    name: str
    segment: str
    saving_minor: int | None


_CARE = text("""
    select c.id, c.number, c.name, m.segment, m.saving_minor
    from campaign_members m join customers c on c.id = m.customer_id
    where m.campaign_id = :id and m.reason in ('complaint', 'debt', 'vulnerable')
    order by c.name, c.id limit :most
""")
_SOME = text("""
    select c.id, c.number, c.name, m.segment, m.saving_minor
    from campaign_members m join customers c on c.id = m.customer_id
    where m.campaign_id = :id and m.arm <> '' order by m.saving_minor desc nulls last, m.id limit :most
""")


def care_first(session: Session, campaign_id: int, most: int = 50) -> list[Person]:
    """Whom care sees to before anything is offered."""
    return [Person(*row) for row in session.execute(_CARE, {"id": campaign_id, "most": most})]


def some_of_them(session: Session, campaign_id: int, most: int = 10) -> list[Person]:
    """Who was drawn, those who would save most first."""
    return [Person(*row) for row in session.execute(_SOME, {"id": campaign_id, "most": most})]


_SAVINGS = text("""
    select saving_minor from campaign_members
    where campaign_id = :id and arm <> '' and saving_minor is not null order by saving_minor
""")


def savings(session: Session, campaign_id: int) -> list[int]:
    """What those who were drawn would have saved in a year, the least first; minor units."""
    return list(session.scalars(_SAVINGS, {"id": campaign_id}))


_CURVE = text("""
    select day, arm, customers, taken from campaign_days where campaign_id = :id order by day, arm
""")


def curve(session: Session, campaign_id: int) -> list[tuple[date, str, int, int]]:
    """(day, arm, customers, taken up since the beginning), as it was kept each day."""
    return [tuple(row) for row in session.execute(_CURVE, {"id": campaign_id})]


@dataclass(frozen=True, slots=True)
class Known:
    """What a form of campaigns offers to choose from."""

    tariffs: Sequence[tuple[str, str]]
    segments: Sequence[tuple[str, str]]
    helps_most: str = ""
    """The tariff that most customers would save on; "" where none is known."""


_TARIFFS = text("select code, name from tariffs where currency = :currency order by name")
_HELPS = text("""
    select parameter from fact_values where fact = 'saving_on' and value > 0
    group by parameter order by count(*) desc, parameter
""")
_TARIFF_ID = text("select id from tariffs where code = :code")


def choosable(session: Session, currency: str) -> Known:
    """Tariffs by (code, name), saved segments by (id, name)."""
    tariffs = [(row[0], row[1]) for row in session.execute(_TARIFFS, {"currency": currency})]
    segments = [(str(one.id), one.name) for one in saved_segments(session) if not one.broken]
    helps = session.scalars(_HELPS).all()
    codes = [code for code, _ in tariffs]
    return Known(tariffs, segments, next((code for code in (*helps, *codes) if code in codes), ""))


def tariff_id_of(session: Session, code: str) -> int | None:
    """None where there is none of this code."""
    found: int | None = session.scalar(_TARIFF_ID, {"code": code})
    return found
