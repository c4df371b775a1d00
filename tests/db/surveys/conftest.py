"""A ticket of somebody who agreed to be asked, solved yesterday; and the clock of surveys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.tables import OutboxNotice
from tests.conftest import NOW
from tests.db.tickets.conftest import Care, put_in
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.kit.settings import settings
from utility_crm.surveys.tables import Survey
from utility_crm.tickets.actions import add_message, set_status

DAY = timedelta(days=1)
Solved = Callable[..., int]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.utility.example")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def care(session: Session) -> Care:
    """Both customers agreed to offers by e-mail."""
    found = put_in(session)
    for customer_id, address in ((found.margaret, "margaret@post.example"), (found.bakery, "b@post.example")):
        session.add(ContactPoint(customer_id=customer_id, kind="email", value=address, normal=address))
        session.flush()
        record_consent(
            session, customer_id, "marketing", "email", granted=True, now=NOW - 90 * DAY, proof="a call"
        )
    return found


@pytest.fixture
def solved(care: Care) -> Solved:
    """A ticket that was answered and solved: its id."""

    def made(at: datetime = NOW - DAY, **given: object) -> int:
        ticket = care.open(now=at - timedelta(hours=3), **given)
        add_message(
            care.session, ticket, direction="out", channel="call", text="It was the cold.", by=care.omar,
            now=at - timedelta(hours=1),
        )  # fmt: skip
        set_status(care.session, ticket, "solved", now=at, by=care.omar)
        return ticket

    return made


def survey_of(session: Session, ticket_id: int) -> Survey | None:
    return session.scalars(
        select(Survey).where(Survey.ticket_id == ticket_id).execution_options(populate_existing=True)
    ).one_or_none()


def letters(session: Session) -> list[OutboxNotice]:
    found = select(OutboxNotice).where(OutboxNotice.notice == "survey").order_by(OutboxNotice.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def languages(session: Session, customer_id: int, language: str) -> None:
    session.get_one(Customer, customer_id).language = language
    session.flush()
