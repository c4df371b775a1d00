"""Whose contract's term ends hears of it in its window, with what would be cheaper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW as KNOWN
from billing_world import Supplied, World, flat, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement, set_term
from billing.tables import WhatIf, WhatIfResult
from billing.telling.jobs import JOBS
from billing.telling.of_contracts import tell_of_ending_terms
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.errors import Invalid, NotFound, Refused

LAST_ON = date(2027, 1, 4)
OPENS = datetime(2026, 11, 16, 12, tzinfo=UTC)
"""49 days before; 42 days before is 23 November."""


def at(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def one(session: Session, world: World) -> Supplied:
    world.tariff(flat())
    world.tariff(two_rate())
    made = world.supplied()
    address = "ada@example.org"
    session.add(ContactPoint(customer_id=made.customer_id, kind="email", value=address, normal=address))
    set_term(session, made.agreement_id, LAST_ON)
    return made


def told(session: Session) -> list[Any]:
    return list(session.execute(text("select * from outbox where notice = 'contract_ending' order by id")))


def compared(world: World, one: Supplied, tariff: str, saving: int, verdict: str = "switch") -> None:
    """A what-if of the whole base has said so."""
    found = WhatIf(
        tariff_id=world.tariffs[tariff], segment=None, offered_to=["household"], currency="GBP",
        on_day=OPENS.date(), due=1, done=1, started_at=KNOWN, finished_at=KNOWN,
    )  # fmt: skip
    world.session.add(found)
    world.session.flush()
    world.session.add(
        WhatIfResult(
            what_if_id=found.id, account_id=one.account_id, customer_id=one.customer_id, segment="household",
            own_minor=100_000, other_minor=100_000 - saving, low_minor=1, coverage_ppm=1_000_000,
            verdict=verdict,
        )
    )  # fmt: skip
    world.session.flush()


def test_it_is_told_once_from_49_days_before_on(session: Session, one: Supplied) -> None:
    assert tell_of_ending_terms(session, OPENS - timedelta(days=1)).startswith("0 queued of 0")
    assert tell_of_ending_terms(session, OPENS) == "1 queued of 1 terms that end, 0 of them late"
    assert tell_of_ending_terms(session, OPENS).startswith("0 queued of 0")
    (notice,) = told(session)
    assert notice.key == f"contract_ending:{one.agreement_id}:2027-01-04"
    assert notice.context["last_on"] == "2027-01-04" and notice.context["better"] == {}
    assert tell_of_ending_terms in [job.run for job in JOBS]


def test_what_would_be_cheaper_beyond_doubt_is_said(session: Session, world: World, one: Supplied) -> None:
    compared(world, one, "night", 9_000, "noise")
    compared(world, one, "flat", 20_000)  # their own
    assert tell_of_ending_terms(session, OPENS).startswith("1 queued")
    assert told(session)[0].context["better"] == {}
    set_term(session, one.agreement_id, LAST_ON + timedelta(days=1))
    compared(world, one, "night", 8_000)
    tell_of_ending_terms(session, at(17))
    before, now = told(session)
    assert (before.state, before.reason) == ("withheld", "no_longer_true"), "the term is another by now"
    assert now.context["better"] == {"tariff": "Day & Night", "saving_minor": 8_000}


def test_told_late_is_told_to_ops(session: Session, one: Supplied) -> None:
    assert tell_of_ending_terms(session, at(26)) == "1 queued of 1 terms that end, 1 of them late"
    (letter,) = session.execute(text("select subject, text from staff_mail"))
    assert letter.subject == "Terms that end: 1 told late"
    assert f"{one.account}: 3 days, by supply licence condition 22C" in letter.text


def test_supply_that_ends_is_no_contract_that_ends(session: Session, one: Supplied) -> None:
    tell_of_ending_terms(session, OPENS)
    end_agreement(session, one.agreement_id, date(2026, 12, 20), "moved")
    tell_of_ending_terms(session, at(17))
    assert [row.state for row in told(session)] == ["withheld"]
    session.execute(text("delete from notice_events"))
    session.execute(text("delete from outbox"))
    assert tell_of_ending_terms(session, at(18)).startswith("0 queued of 0")


def test_a_term_is_of_a_contract_and_ends_after_it_begins(
    session: Session, world: World, one: Supplied
) -> None:
    with pytest.raises(Invalid):
        set_term(session, one.agreement_id, date(2023, 12, 31))
    with pytest.raises(NotFound):
        set_term(session, 999_999, LAST_ON)
    session.execute(text("update agreements set term_ends_before = null, kind = 'deemed'"))
    session.expire_all()
    with pytest.raises(Refused):
        set_term(session, one.agreement_id, LAST_ON)
    assert set_term(session, one.agreement_id, None).term_ends_before is None
