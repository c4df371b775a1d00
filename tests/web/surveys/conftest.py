"""Surveys seen from outside and inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care, put_in
from utility_crm.kit.settings import settings
from utility_crm.surveys.tables import Survey
from utility_crm.surveys.tokens import paths
from utility_crm.tickets.actions import add_message, set_status
from utility_crm.web.visit import present

SECRET = "only for tests"


@pytest.fixture(autouse=True)
def own_secret(monkeypatch: pytest.MonkeyPatch, demo_settings: None) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", SECRET)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def care(session: Session) -> Care:
    return put_in(session)


def sent(care: Care, question: str = "csat", **given: object) -> Survey:
    """A survey of Margaret's that was sent an hour ago, about a ticket solved two days ago."""
    session, now = care.session, present()
    at = now - timedelta(days=2)
    ticket = care.open(now=at - timedelta(hours=2), subject="Why so high")
    add_message(
        session, ticket, direction="out", channel="call", text="The cold.", by=care.omar,
        now=at - timedelta(hours=1),
    )  # fmt: skip
    set_status(session, ticket, "solved", now=at, by=care.omar)
    known: dict[str, object] = {
        "ticket_id": ticket, "customer_id": care.margaret, "question": question, "state": "sent",
        "user_id": care.omar, "team_id": care.team, "decided_at": now - timedelta(hours=2),
        "asked_at": now - timedelta(hours=2), "sent_at": now - timedelta(hours=1),
        "expires_at": now + timedelta(days=14),
    }  # fmt: skip
    survey = Survey(**(known | given))
    session.add(survey)
    session.flush()
    return survey


def paths_of(survey: Survey) -> dict[int | None, str]:
    return paths(SECRET, survey.id, survey.question)


def as_kept(session: Session, survey: Survey) -> Survey:
    found = select(Survey).where(Survey.id == survey.id).execution_options(populate_existing=True)
    return session.scalars(found).one()
