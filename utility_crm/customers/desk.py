"""What the desk asks: who spoke to us last, which complaints wait, whose care data is due, what did I do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.customers.conversations import latest_conversations, open_complaints
from utility_crm.customers.tables import Contact, Customer, CustomerFlag
from utility_crm.kit.module import Banner
from utility_crm.kit.settings import settings

log = logging.getLogger("utility_crm.customers.desk")
REVIEW_AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class DeskFigures:
    """The short answers of the desk, in one query."""

    today: int
    mine: int
    complaints: int
    oldest_complaint: datetime | None
    reviews: int


@dataclass(frozen=True, slots=True)
class CareReview:
    """A flag whose consent is to be asked for again by `review_on`."""

    customer_id: int
    customer: str
    kind: str
    detail: str
    review_on: date


def midnight(today: date) -> datetime:
    """When the day began in the utility's zone."""
    return datetime.combine(today, time(), ZoneInfo(settings().timezone))


def desk_figures(session: Session, user_id: int, today: date) -> DeskFigures:
    """The counts of today, of what this person logged, of complaints and of reviews due."""
    since = midnight(today)
    waits = Contact.complaint & Contact.answered_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(Contact.at >= since),
            func.count().filter(Contact.at >= since, Contact.author_id == user_id),
            func.count().filter(waits),
            func.min(Contact.at).filter(waits),
            select(func.count())
            .select_from(CustomerFlag)
            .where(CustomerFlag.review_on <= today + REVIEW_AHEAD)
            .scalar_subquery(),
        )
        .select_from(Contact)
        .where((Contact.at >= since) | waits)
    ).one()
    return DeskFigures(*row)


def known_now(
    session: Session,
    parts: Iterable[Callable[[Session, datetime, str], Sequence[Banner]]],
    now: datetime,
    language: str,
) -> tuple[Banner, ...]:
    """What every package has to say before anybody calls. A part that fails is left out and logged: the desk
    works without it."""
    found: list[Banner] = []
    for part in parts:
        try:
            found += part(session, now, language)
        except Exception:
            log.exception("%s has nothing for the desk", part.__module__)
            session.rollback()
    return tuple(found)


def care_reviews(session: Session, today: date, limit: int = 100) -> list[CareReview]:
    """Flags to be reviewed within a month, the most overdue first."""
    rows = session.execute(
        select(
            CustomerFlag.customer_id,
            Customer.name,
            CustomerFlag.kind,
            CustomerFlag.detail,
            CustomerFlag.review_on,
        )
        .join(Customer, Customer.id == CustomerFlag.customer_id)
        .where(CustomerFlag.review_on <= today + REVIEW_AHEAD)
        .order_by(CustomerFlag.review_on, CustomerFlag.id)
        .limit(limit)
    )
    return [CareReview(*row) for row in rows]


def _mine(session: Session, user_id: int, today: date) -> Any:
    return [one for one in latest_conversations(session, 100, author_id=user_id) if one.at >= midnight(today)]


EVIDENCE: dict[str, Callable[[Session, int, date], Any]] = {
    "last": lambda session, _user, _today: latest_conversations(session),
    "complaints": lambda session, _user, _today: open_complaints(session),
    "care": lambda session, _user, today: care_reviews(session, today),
    "mine": _mine,
}
"""The rows under each question of the desk."""
