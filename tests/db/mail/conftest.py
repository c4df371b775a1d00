"""Two customers who can be written to, and a way to let mail come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests.conftest import NOW
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import keep_mail
from utility_crm.mail.mailbox import Given
from utility_crm.mail.placing import place_stored
from utility_crm.mail.tables import Arrival

Comes = Callable[..., Arrival]


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    monkeypatch.setenv("UTILITY_CRM_MAIL_FROM", "care@utility.example")
    settings.cache_clear()
    yield
    settings.cache_clear()


def customer(session: Session, number: str, name: str, email: str = "", language: str = "en") -> int:
    row = Customer(
        number=number, kind="person", name=name, segment="household", language=language, since=NOW.date()
    )
    session.add(row)
    session.flush()
    if email:
        session.add(ContactPoint(customer_id=row.id, kind="email", value=email, normal=email.lower()))
        session.flush()
    return row.id


@pytest.fixture
def ann(session: Session) -> int:
    return customer(session, "C1", "Ann Hill", "ann@home.example")


@pytest.fixture
def comes(session: Session) -> Comes:
    """A mail comes and is placed; its arrival."""

    def come(raw: bytes, now: datetime = NOW) -> Arrival:
        arrival_id, _ = keep_mail(session, Given(raw, len(raw), True), now)
        place_stored(session, now)
        return session.get_one(Arrival, arrival_id, populate_existing=True)

    return come
