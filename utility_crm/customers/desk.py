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

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.conversations import latest_conversations, open_complaints
from utility_crm.customers.limits import seen_by
from utility_crm.customers.tables import Contact, Customer, CustomerFlag
from utility_crm.kit.parts import Banner, Cell
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

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


def desk_figures(session: Session, user: SignedIn, today: date) -> DeskFigures:
    """The counts of today, of what this person logged, of complaints and of reviews due; of the customers
    they may see."""
    since = midnight(today)
    waits = Contact.complaint & Contact.answered_at.is_(None)
    row = session.execute(
        select(
            func.count().filter(Contact.at >= since),
            func.count().filter(Contact.at >= since, Contact.author_id == user.id),
            func.count().filter(waits),
            func.min(Contact.at).filter(waits),
            select(func.count())
            .select_from(CustomerFlag)
            .where(CustomerFlag.review_on <= today + REVIEW_AHEAD, seen_by(user, CustomerFlag.customer_id))
            .scalar_subquery(),
        )
        .select_from(Contact)
        .where((Contact.at >= since) | waits, seen_by(user, Contact.customer_id))
    ).one()
    return DeskFigures(*row)


def desk_cells(figures: DeskFigures) -> tuple[Cell, ...]:
    """Of the strip: the day so far."""
    complaints = str(figures.complaints)
    return (
        Cell(mark("Contacts today"), str(figures.today)),
        Cell(mark("Logged by you"), str(figures.mine)),
        Cell(mark("Complaints wait"), complaints, tone="warn" if figures.complaints else ""),
    )


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


def care_reviews(session: Session, user: SignedIn, today: date, limit: int = 100) -> list[CareReview]:
    """Flags to be reviewed within a month, the most overdue first; of the customers this person may see."""
    rows = session.execute(
        select(
            CustomerFlag.customer_id,
            Customer.name,
            CustomerFlag.kind,
            CustomerFlag.detail,
            CustomerFlag.review_on,
        )
        .join(Customer, Customer.id == CustomerFlag.customer_id)
        .where(CustomerFlag.review_on <= today + REVIEW_AHEAD, seen_by(user, CustomerFlag.customer_id))
        .order_by(CustomerFlag.review_on, CustomerFlag.id)
        .limit(limit)
    )
    return [CareReview(*row) for row in rows]


def _mine(session: Session, user: SignedIn, today: date) -> Any:
    latest = latest_conversations(session, user, 100, author_id=user.id)
    return [one for one in latest if one.at >= midnight(today)]


EVIDENCE: dict[str, Callable[[Session, SignedIn, date], Any]] = {
    "last": lambda session, user, _today: latest_conversations(session, user),
    "complaints": lambda session, user, _today: open_complaints(session, user),
    "care": care_reviews,
    "mine": _mine,
}
"""The rows under each question of the desk."""
