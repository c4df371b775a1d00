"""Who hears of unusual use while the month runs: beyond their own interval, worth money, once a month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from billing_world import Supplied, World, flat
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from warm_household import in_an_area

from billing.forecasting.unusual import QUIET_DAYS, unusual_among, watched
from billing.tables import Bill
from billing.telling.jobs import JOBS
from billing.telling.of_use import tell_of_unusual_use
from billing.telling.queued import together
from meters.tables import Finding
from notifications.consents.recording import record_consent
from utility_crm.customers.tables import ContactPoint
from utility_crm.network.temperatures import store_temperatures

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
FIRST = date(2025, 9, 20)
MONTH = date(2026, 11, 1)
BEFORE, SO_FAR = (MONTH - FIRST).days, 19


@pytest.fixture(autouse=True)
def tariff(world: World) -> None:
    world.tariff(flat())


def lives(
    world: World,
    seed: int = 1,
    times: float = 1.0,
    *,
    heat: Any = 0.0,
    since: date = FIRST,
    a_day: float = 10,
) -> Supplied:
    """A household that uses `times` as much since 1 November."""
    one = world.supplied(starts_on=since)
    address = f"{one.account}@example.org"
    point = ContactPoint(customer_id=one.customer_id, kind="email", value=address, normal=address)
    world.session.add(point)
    world.session.flush()
    days = np.random.default_rng(seed).normal(a_day, a_day * 0.15, BEFORE + SO_FAR).clip(a_day / 5) + heat
    days[BEFORE:] *= times
    world.read(one.channel_id, FIRST, np.repeat((days * 1e6 / 48).astype(np.int64), 48).tolist())
    world.session.execute(
        text("insert into channel_spans values (:c, 48, :first, :last)"),
        {"c": one.channel_id, "first": FIRST, "last": TODAY - timedelta(days=1)},
    )
    return one


def watch(session: Session, now: datetime = NOW) -> str:
    return tell_of_unusual_use(session, now, slices=together)


def told(session: Session) -> list[Any]:
    return list(session.execute(text("select * from outbox where notice = 'unusual_use' order by key")))


def test_who_uses_more_hears_the_amount_so_far_and_the_bill_to_come_once(
    session: Session, world: World
) -> None:
    lives(world)
    more = lives(world, 2, 1.8)
    assert watch(session) == "1 queued of 2 accounts watched"
    assert watch(session, NOW + timedelta(days=1)) == "0 queued of 1 accounts watched"
    (notice,) = told(session)
    assert notice.key == f"unusual_use:{more.account}:2026-11-01" and notice.state == "waiting"
    given = notice.context
    assert 60 <= given["percent_more"] <= 100 and not given["weather"]
    assert (given["read_on"], given["last_on"]) == ("2026-11-19", "2026-11-30")
    # 19 days of 0.50 and 18 kWh at 0.25, with 5 %; the usual bill is of 30 days of 10 kWh
    assert given["so_far_minor"] == pytest.approx(19 * (50 + 18 * 25) * 1.05, rel=0.08)
    assert given["usual_minor"] == pytest.approx(30 * (50 + 10 * 25) * 1.05, rel=0.08)
    assert given["usual_minor"] * 1.2 < given["likely_minor"] < given["usual_minor"] * 1.8
    assert tell_of_unusual_use in [job.run for job in JOBS]


def test_what_is_little_money_is_not_worth_a_letter(session: Session, world: World) -> None:
    lives(world, 2, 1.8, a_day=0.6)
    assert watch(session) == "0 queued of 1 accounts watched"


def test_cold_weather_is_not_unusual_use(session: Session, world: World) -> None:
    days = [FIRST + timedelta(days=number) for number in range(BEFORE + SO_FAR)]
    of_year = np.array([day.timetuple().tm_yday for day in days])
    noise = np.repeat(np.random.default_rng(3).normal(0, 3, len(days) // 4 + 1), 4)[: len(days)]
    degrees = 11 - 8 * np.cos(2 * np.pi * (of_year - 20) / 365) + noise
    degrees[BEFORE:] = -4.0  # a November like no other
    heat = np.maximum(0, 15 - degrees)
    alone, reached, more = (lives(world, 3, times, heat=heat) for times in (1.0, 1.0, 1.5))
    area = in_an_area(world, reached, more)
    store_temperatures(session, area, days, [[round(one * 1000)] * 24 for one in degrees.tolist()])
    found = {one.of.account: one.month for one in unusual_among(session, watched(session, TODAY))}
    assert alone.account in found, "nobody knows the weather there"
    assert reached.account not in found, "it was the cold"
    assert found[more.account].weather and 35 <= found[more.account].percent_more <= 65


def test_whose_word_stands_against_it_is_not_written_to(session: Session, world: World) -> None:
    one = lives(world, 2, 1.8)
    record_consent(session, one.customer_id, "service", "email", granted=False, now=NOW, proof="a call")
    watch(session)
    (notice,) = told(session)
    assert (notice.state, notice.reason) == ("withheld", "consent_withdrawn")


@pytest.mark.parametrize(
    "why", ["new here", "billed already", "two supplies", "early", "told lately", "doubtful"]
)
def test_who_is_not_watched(session: Session, world: World, why: str) -> None:
    one = lives(world, 2, 1.8, since=date(2026, 11, 5) if why == "new here" else FIRST)
    if why == "billed already":
        issued = {"issued_on": date(2026, 11, 10), "due_on": date(2026, 11, 24), "currency": "GBP"}
        days = {"starts_on": MONTH, "ends_before": date(2026, 11, 10)}
        amounts = {"total_minor": 1, "open_minor": 1, "micro_kwh": 1}
        session.add(Bill(number="B", account_id=one.account_id, **days, **issued, **amounts))
        session.flush()
    elif why == "doubtful":
        doubt = {"rule": "spike", "channel_id": one.channel_id, "detail": {}}
        days = {"first_day": MONTH, "last_day": MONTH}
        warned = Finding(**doubt | {"rule": "stuck"}, **days, severity="warn", state="open")
        session.add(warned)
        session.flush()
        assert len(watched(session, TODAY)) == 1, "what a person should look at may still be told"
        session.add(Finding(**doubt, **days, severity="bad", state="open"))
        session.flush()
    elif why == "two supplies":
        point, _ = world.point()
        world.agreement(one.account_id, point, "flat", date(2026, 11, 9))
    elif why == "told lately":
        watch(session)
        later = MONTH - timedelta(days=QUIET_DAYS - 2)
        session.execute(
            text(
                "update outbox set key = key || 'x', "
                "context = jsonb_set(context, '{starts_on}', to_jsonb(cast(:day as text)))"
            ),
            {"day": later.isoformat()},
        )
    today = date(2026, 11, 6) if why == "early" else TODAY
    assert [each.account for each in watched(session, today)] == []


def test_a_slice_costs_as_many_statements_however_many_are_in_it(session: Session, world: World) -> None:
    counts = []
    for more in (1, 3):
        for number in range(more):
            lives(world, 10 + number, 1.8)
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        bind = session.connection()
        event.listen(bind, "before_cursor_execute", note)
        found = unusual_among(session, watched(session, TODAY))
        event.remove(bind, "before_cursor_execute", note)
        counts.append((len(found), len(seen)))
    (one, first), (all_, second) = counts
    assert (one, all_) == (1, 4) and first == second
