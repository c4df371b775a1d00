"""What members of campaigns earned since they were drawn, by their own bills."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.documents import document
from churn.campaigns.results import results
from churn.value.margins import bill_margins
from churn.value.of_campaigns import count_margins
from tests.db.churn.conftest import Supplier
from tests.db.churn.test_value import brought, line
from tests.worlds.campaign_world import NOW, TODAY, launched, populate

pytestmark = pytest.mark.usefixtures("plain_settings")

LATER = TODAY + timedelta(days=58)
LOOKED = TODAY + timedelta(days=60)
MONTHS = ((date(2026, 9, 1), date(2026, 10, 1)), (date(2026, 11, 1), date(2026, 12, 1)))
"""One before the draw of the 20th of November, one around it."""


@pytest.fixture
def campaign(session: Session, supplier: Supplier) -> int:
    """Forty households, each with a bill before the draw and one around it; more for whoever was asked."""
    people = populate(session, supplier, 40)
    campaign_id = launched(session, supplier, costs={"email": 4, "accepted": 0})
    asked = set(session.scalars(text("select customer_id from campaign_members where arm in ('A', 'B')")))
    for place, one in enumerate(people):
        for starts_on, ends_before in MONTHS:
            more = 600 if one.customer in asked and ends_before > TODAY else 0
            bill = supplier.billed(one, starts_on, ends_before, 0)
            amount = 9_000 + 150 * place + place % 3 + more
            line(
                session, bill, 1, one.agreement, starts_on=starts_on, ends_before=ends_before,
                amount_minor=amount,
            )  # fmt: skip
    return campaign_id


def members(session: Session) -> dict[int, tuple[int | None, int | None]]:
    rows = session.execute(
        text("select customer_id, billed_minor, before_minor from campaign_members where arm <> ''")
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def test_days_since_the_draw_count_and_the_year_before_tells_apart(
    session: Session, campaign: int, tmp_path: Path
) -> None:
    assert count_margins(session, LATER) == 0 and set(members(session).values()) == {(None, None)}
    assert document(results(session, campaign, LOOKED))["earned_by"] is None
    brought(session, tmp_path)
    assert count_margins(session, LATER) == 1
    found, margins = members(session), bill_margins(session, LATER)
    rows = session.execute(
        text("select b.id, a.customer_id, b.starts_on from bills b join accounts a on a.id = b.account_id")
    ).all()
    assert len(rows) == 80
    for bill, customer, starts_on in rows:
        whole = margins[bill].margin_minor
        assert whole is not None
        if starts_on == MONTHS[1][0]:  # ten of November's thirty days are after the day of the draw
            assert found[customer][0] == round(whole * 10 / 30)
        else:  # and its others are not of before: what the offer did would be in them
            assert found[customer][1] == whole


def test_it_is_held_against_control_and_the_return_stands_on_it(
    session: Session, campaign: int, tmp_path: Path
) -> None:
    brought(session, tmp_path)
    count_margins(session, LATER)
    session.execute(
        text("update campaigns set launched_at = :began where id = :id"),
        {"id": campaign, "began": NOW - timedelta(days=600)},
    )
    told = results(session, campaign, LOOKED)
    row = told.row("margin")
    assert row is not None and row.effect is not None and told.stands_on == "billed"
    assert abs(row.effect.difference - 200) < 5 and row.verdict == "works"
    plain = row.count / row.of - row.control / row.of_control
    assert abs(row.effect.difference - 200) < abs(plain - 200) + 1
    assert row.effect.high - row.effect.low < 20  # by what they brought before; hundreds without
    said = document(told)
    assert said["earned_by"] == "billed" and said["margin"]["low"] is not None
    session.execute(text("update campaigns set margin_minor = 9000, margin_source = 'a study'"))
    assert results(session, campaign, LOOKED).stands_on == "told"
    session.execute(text("update campaign_members set margin_minor = 5"))
    assert results(session, campaign, LOOKED).stands_on == "brought"


def test_it_is_reckoned_once_a_day_and_a_day_without_a_cost_hides_it(
    session: Session, campaign: int, tmp_path: Path
) -> None:
    brought(session, tmp_path)
    assert (count_margins(session, LATER), count_margins(session, LATER)) == (1, 0)
    one = session.scalars(text("select customer_id from campaign_members where arm <> ''")).first()
    assert one is not None
    known = members(session)
    session.execute(
        text("update bills set status = 'cancelled' where starts_on > '2026-10-15' and account_id in "
             "(select id from accounts where customer_id = :one)"),
        {"one": one},
    )  # fmt: skip
    assert count_margins(session, LATER + timedelta(days=1)) == 1
    again = members(session)
    assert again[one][0] == 0 and {key: value for key, value in again.items() if key != one} == {
        key: value for key, value in known.items() if key != one
    }
    session.execute(text("update cost_rates set valid_from = '2026-11-25' where kind = 'network_day'"))
    assert count_margins(session, LATER + timedelta(days=2)) == 1
    hidden = members(session)
    assert hidden[one] == (0, None) and {value for key, value in hidden.items() if key != one} == {
        (None, None)
    }
    assert results(session, campaign, LOOKED).stands_on == ""
    assert count_margins(session, TODAY + timedelta(days=200)) == 0  # nothing more comes in
