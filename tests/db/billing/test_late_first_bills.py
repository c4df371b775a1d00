"""A bill that is first issued late charges nothing for what was used too long ago."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import Supplied, World
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, draft_cycle, issue_cycle
from billing.corrections.candidates import issued_bills
from billing.corrections.rerating import remade
from billing.cycles import Month
from billing.queries.gate import gate_book
from utility_crm.kit.settings import settings

LATE = date(2026, 11, 25)
KNOWN = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts the utility into a country, or a part of it."""

    def put(country: str, subdivision: str = "") -> None:
        monkeypatch.setenv("UTILITY_CRM_COUNTRY", country)
        monkeypatch.setenv("UTILITY_CRM_SUBDIVISION", subdivision)
        settings.cache_clear()

    yield put
    monkeypatch.undo()
    settings.cache_clear()


def used(world: World, month: Month) -> Supplied:
    one = world.supplied(starts_on=date(2024, 1, 1))
    world.even(one.channel_id, month.starts_on - timedelta(days=1), 33)
    return one


def issue(session: Session, month: Month, one: Supplied, on: date = LATE, **more: Any) -> Issued:
    return issue_cycle(session, month, 1, [one.account_id], issued_on=on, known_at=KNOWN, now=KNOWN, **more)


def left_out(session: Session) -> list[tuple[str, str, int]]:
    found = session.execute(
        text(
            "select charge, label, amount_minor from bill_lines where agreement_id is null order by position"
        )
    )
    return [(row[0], row[1], row[2]) for row in found]


def total(session: Session) -> int:
    return int(session.scalar(text("select total_minor from bills")) or 0)


def test_all_of_it_is_taken_back_where_all_is_too_old(world: World, session: Session) -> None:
    issue(session, Month(2024, 10), used(world, Month(2024, 10)))
    assert left_out(session) == [
        ("discount", "Not charged: used before 2024-11-01", -9000),
        ("tax", "VAT", -450),
    ]
    assert total(session) == 0


def test_only_the_earlier_days_of_a_bill_across_the_limit(world: World, session: Session) -> None:
    one = used(world, Month(2025, 11))
    issue(session, Month(2025, 11), one)
    # 24 of 30 days: 24 x 0.50, 230.4 kWh at 0.25, and 5 % of both.
    assert left_out(session) == [
        ("discount", "Not charged: used before 2025-11-25", -(1200 + 5760)),
        ("tax", "VAT", -348),
    ]
    assert total(session) == 9135 - 1200 - 5760 - 348
    issued = issued_bills(session, dict.fromkeys(session.scalars(text("select id from bills")), "readings"))
    assert [again.differs for again in remade(session, issued, KNOWN, LATE, "GB")] == [False]


def test_a_correction_does_not_charge_it_after_all(world: World, session: Session) -> None:
    one = used(world, Month(2025, 11))
    issue(session, Month(2025, 11), one)
    later = KNOWN + timedelta(days=1)
    world.even(one.channel_id, date(2025, 10, 31), 33, 20_000, feed_id=world.feed(later - timedelta(hours=1)))
    issued = issued_bills(session, dict.fromkeys(session.scalars(text("select id from bills")), "readings"))
    (again,) = remade(session, issued, later, LATE, "GB")
    # The six days within: 6 x 0.50 and 5.76 kWh at 0.25, and 5 %.
    assert again.after_minor == pytest.approx(300 + 144 + 22, abs=1)


@pytest.mark.parametrize(
    ("country", "subdivision", "segment", "charged"),
    [
        ("GB", "", "industry", True),
        ("US", "", "household", True),
        ("AU", "", "household", True),
        ("AU", "VIC", "household", False),
    ],
)
def test_the_limit_is_that_of_the_place_and_the_segment(
    world: World, session: Session, place: Any, country: str, subdivision: str, segment: str, charged: bool
) -> None:
    place(country, subdivision)
    one = used(world, Month(2026, 6))  # five months before: within nine, beyond four
    session.execute(text("update customers set segment = :s"), {"s": segment})
    issue(session, Month(2026, 6), one)
    assert (left_out(session) == []) is charged and (total(session) > 0) is charged


def test_a_victorian_correction_has_the_limit_of_victoria(world: World, session: Session) -> None:
    month = Month(2026, 6)
    one = used(world, month)
    issue(session, month, one, date(2026, 7, 3))
    later = KNOWN + timedelta(days=1)
    world.even(one.channel_id, date(2026, 5, 31), 33, 300_000, feed_id=world.feed(later - timedelta(hours=1)))
    issued = issued_bills(session, dict.fromkeys(session.scalars(text("select id from bills")), "readings"))
    found = [remade(session, issued, later, LATE, "AU", part)[0] for part in ("", "VIC")]
    assert [bool(again.not_charged_minor) for again in found] == [False, True]


def test_the_draft_and_the_gate_say_it(world: World, session: Session) -> None:
    month = Month(2024, 10)
    one = used(world, month)
    gate = gate_book(session)
    (held,) = issue(session, month, one, gate=gate).held
    assert held.codes == ("too_old",) and held.total_minor == 0
    assert held.reason == "31 days were used too long ago to be charged: their cost is left out."
    for on, totals in ((LATE, 0), (date(2024, 11, 3), 9450)):
        done = draft_cycle(session, month, 1, [one.account_id], issued_on=on, known_at=KNOWN, gate=None)
        assert dict(done.totals) == {"GBP": totals}
