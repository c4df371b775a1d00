"""Whom an offer that was tried would move today is a fact that segments are made of."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.uplift.verdicts import UPLIFT
from churn.kept_facts import keep
from churn.uplift.actions import learn_uplift
from churn.uplift.facts import MOVED_BY, OFFER_SAVING
from churn.uplift.moving import tell_whom
from tests.db.churn.conftest import Supplier
from tests.db.churn.test_uplift import DECIDES, points, quick
from tests.worlds.campaign_world import NOW
from utility_crm.segments.domain.tree import Leaf, Not
from utility_crm.segments.queries import choices_of, count

__all__ = ["points", "quick"]  # fixtures
LATER = NOW + timedelta(days=60)


def learned(session: Session, campaign_id: int) -> str:
    """The campaign's code; everybody's facts are those of the day for looking."""
    learn_uplift(session, campaign_id, now=LATER, today=DECIDES)
    keep(session, DECIDES, LATER)
    return str(session.scalar(text("select code from campaigns where id = :id"), {"id": campaign_id}))


def won(session: Session) -> dict[int, tuple[Decimal, str]]:
    rows = session.execute(
        text("""
            select f.customer_id, f.value, max(a.payment_method) from fact_values f
            join accounts a on a.customer_id = f.customer_id where f.fact = :fact group by 1, 2
        """),
        {"fact": MOVED_BY},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def test_who_would_be_won_is_a_segment(session: Session, points: int) -> None:
    code = learned(session, points)
    assert tell_whom(session, DECIDES, LATER) == 1
    found = won(session)
    debit = [float(value) for value, way in found.values() if way == "direct_debit"]
    others = [float(value) for value, way in found.values() if way != "direct_debit"]
    assert np.mean(debit) - np.mean(others) > 30  # four in five of them took it, of the others one in ten

    many = Leaf(MOVED_BY, "at_least", (Decimal(40),), code)
    asked = count(session, many, LATER)
    assert asked == sum(value >= 40 for value, _ in found.values()) > 0
    assert count(session, Not(many), LATER) == len(found) - asked
    ((value, label),) = choices_of(session, {MOVED_BY})[MOVED_BY, "parameters"]
    assert value == code and label.startswith(f"{code}, ")


def test_it_is_told_once_for_the_facts_and_the_models(session: Session, points: int) -> None:
    learned(session, points)
    assert [tell_whom(session, DECIDES, LATER) for _ in range(2)] == [1, 0]
    tomorrow = LATER + timedelta(days=1)
    assert tell_whom(session, DECIDES + timedelta(days=1), tomorrow) == 0  # its facts are not kept yet
    keep(session, DECIDES + timedelta(days=1), tomorrow)
    assert tell_whom(session, DECIDES + timedelta(days=1), tomorrow) == 1
    learn_uplift(session, points, now=tomorrow + timedelta(hours=1), today=DECIDES)
    assert tell_whom(session, DECIDES + timedelta(days=1), tomorrow + timedelta(hours=2)) == 1


def test_nobody_is_chosen_by_noise(session: Session, points: int) -> None:
    learned(session, points)
    tell_whom(session, DECIDES, LATER)
    told_not = """
        update campaign_uplift set figures = jsonb_set(figures, '{rankings,two_model,qini,held}', '"none"')
    """
    session.execute(text(told_not))
    assert tell_whom(session, DECIDES, LATER) == 0
    assert won(session) == {} and choices_of(session, {MOVED_BY}) == {}
    ages = text("select count(*) from fact_ages where fact = :fact")
    assert session.scalar(ages, {"fact": MOVED_BY}) == 0


def test_of_a_kind_that_was_not_drawn_nothing_is_said(session: Session, points: int) -> None:
    firm = session.scalar(text("select min(customer_id) from campaign_members where arm <> ''"))
    session.execute(text("delete from campaign_members where customer_id = :id"), {"id": firm})
    session.execute(text("update customers set segment = 'small_business' where id = :id"), {"id": firm})
    learned(session, points)
    tell_whom(session, DECIDES, LATER)
    assert firm not in won(session) and len(won(session)) > 100


def test_what_the_offer_would_save_is_asked_for_where_the_models_do(
    session: Session, supplier: Supplier, points: int
) -> None:
    """By a model that knows of nothing else."""
    learned(session, points)
    by_saving: dict[str, Any] = {
        "kind": "logistic", "intercept": 0.0, "categorical": [],
        "numeric": [
            {"name": OFFER_SAVING, "fill": 0.0, "known": {"mean": 0.0, "scale": 1000.0, "weight": 1.0},
             "unknown": None}
        ],
    }  # fmt: skip
    model = {
        "facts": {"numeric": [OFFER_SAVING], "categorical": []},
        UPLIFT: {"kind": "two_model", "asked": [by_saving], "alone": [{"kind": "always", "chance": 0.5}]},
    }
    session.execute(text("update campaign_uplift set model = :model"), {"model": json.dumps(model)})
    session.execute(
        text("update campaigns set offer = 'tariff', tariff_id = :tariff, amount = null where id = :id"),
        {"tariff": supplier.day_night, "id": points},
    )
    loses, unknown, *_ = session.scalars(text("select distinct customer_id from fact_values order by 1"))
    session.execute(text("update fact_values set value = -1000 where customer_id = :id"), {"id": loses})
    session.execute(text("delete from fact_values where customer_id = :id"), {"id": unknown})
    tell_whom(session, DECIDES, LATER)
    found = {customer: value for customer, (value, _) in won(session).items()}
    assert found.pop(loses) == Decimal("-23.1") and found.pop(unknown) == 0  # 1 / (1 + e) less a half
    assert set(found.values()) == {Decimal("46.8")}  # 34.20 saved


def test_models_of_facts_that_are_no_longer_known_say_nothing(session: Session, points: int) -> None:
    learned(session, points)
    tell_whom(session, DECIDES, LATER)
    gone = """
        update campaign_uplift set model = jsonb_set(model, '{facts,numeric}', '["horoscope"]'),
            made_at = made_at + interval '1 hour'
    """
    session.execute(text(gone))
    assert tell_whom(session, DECIDES, LATER + timedelta(hours=2)) == 1
    assert won(session) == {}
