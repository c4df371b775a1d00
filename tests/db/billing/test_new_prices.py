"""Who hears of new prices, when, and what they mean for their own use."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import Supplied, World, flat, flat_version, two_rate
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from billing.actions.agreements import end_agreement
from billing.domain.tariffs.file import tariff_of
from billing.telling.jobs import JOBS
from billing.telling.new_prices import changed_prices, new_prices, years_of_use
from billing.telling.of_contracts import tell_of_new_prices
from billing.telling.queued import together
from notifications.types import notice_type
from notifications.types.tariff_change import ChangedPrice
from notifications.writing import Sender, write
from utility_crm.customers.tables import ContactPoint

FROM = date(2027, 1, 1)
FIRST_DAY = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""Thirty days before is 2 December, and a week before that."""
LATE = datetime(2026, 12, 10, 12, tzinfo=UTC)


def dearer(price: str = "0.29", vat: str = "5") -> dict[str, Any]:
    return flat(
        versions=[flat_version("2024-01-01", "0.25"), flat_version(FROM.isoformat(), price, "0.60", vat)]
    )


def lives(world: World, *, read: bool = True, since: date = date(2025, 9, 20)) -> Supplied:
    one = world.supplied(starts_on=since)
    address = f"{one.account}@example.org"
    world.session.add(ContactPoint(customer_id=one.customer_id, kind="email", value=address, normal=address))
    world.session.flush()
    if read:
        world.even(one.channel_id, date(2025, 9, 20), 440)
    return one


def price(label: str, per: str, before: int, after: int) -> dict[str, Any]:
    return asdict(ChangedPrice(label, per, before, after))


def tell(session: Session, now: datetime) -> str:
    return tell_of_new_prices(session, now, slices=together)


def told(session: Session) -> list[Any]:
    return list(session.execute(text("select * from outbox where notice = 'tariff_change' order by id")))


def test_everybody_hears_once_in_time_with_both_prices_and_a_year_of_their_own_use(
    session: Session, world: World
) -> None:
    world.tariff(dearer())
    one = lives(world)
    assert tell(session, FIRST_DAY - timedelta(days=1)).startswith("0 queued of 0 accounts")
    assert tell(session, FIRST_DAY) == "1 queued of 1 accounts with new prices, 0 of them late"
    assert tell(session, FIRST_DAY) == "0 queued of 0 accounts with new prices, 0 of them late"
    (notice,) = told(session)
    assert notice.key.endswith(f":{one.account}") and notice.state == "waiting"
    given = notice.context
    assert given["prices"] == [
        price("Standing charge", "day", 500_000, 600_000),
        price("All hours", "kWh", 250_000, 290_000),
    ]
    # 365 days and 9.6 kWh on each of them, with 5 %; every bill is rounded by itself
    assert given["year"]["before_minor"] == pytest.approx((365 * 50 + 3504 * 25) * 1.05, abs=12)
    assert given["year"]["after_minor"] == pytest.approx((365 * 60 + 3504 * 29) * 1.05, abs=12)
    assert session.scalar(text("select count(*) from staff_mail")) == 0
    assert tell_of_new_prices in [job.run for job in JOBS]


def test_who_was_hardly_read_hears_the_prices_alone(session: Session, world: World) -> None:
    world.tariff(dearer())
    lives(world, read=False)
    tell(session, FIRST_DAY)
    assert told(session)[0].context["year"] == {}


def test_who_is_gone_by_then_or_comes_with_the_new_prices_is_left_alone(
    session: Session, world: World
) -> None:
    world.tariff(dearer())
    world.tariff(two_rate())
    end_agreement(session, lives(world, read=False).agreement_id, FROM, "moved")
    lives(world, read=False, since=FROM)
    world.supplied("night")
    assert tell(session, FIRST_DAY).startswith("0 queued of 0 accounts")


def test_telling_late_is_told_to_ops_with_its_figures(session: Session, world: World) -> None:
    world.tariff(dearer())
    lives(world, read=False)
    lives(world, read=False, since=date(2026, 12, 5))  # who came after the last day is no breach
    assert tell(session, LATE) == "2 queued of 2 accounts with new prices, 1 of them late"
    (letter,) = session.execute(text("select subject, text from staff_mail"))
    assert letter.subject == "New prices of Flat from 2027-01-01: told late"
    assert "household: 1 accounts hear of it 8 days late; they had to by 2026-12-02" in letter.text
    assert "supplier's own choice" in letter.text


def test_prices_that_are_written_anew_are_told_anew(session: Session, world: World) -> None:
    world.tariff(dearer())
    lives(world, read=False)
    tell(session, FIRST_DAY)
    world.tariff(dearer("0.27"))
    assert tell(session, FIRST_DAY).startswith("1 queued")
    before, now = told(session)
    assert (before.state, before.reason, now.state) == ("withheld", "no_longer_true", "waiting")
    assert now.context["prices"][1]["after_micro"] == 270_000
    world.tariff(flat(versions=[flat_version("2024-01-01", "0.25")]))
    assert tell(session, FIRST_DAY).startswith("0 queued")
    assert {row.state for row in told(session)} == {"withheld"}


def test_a_tax_alone_is_a_change_and_the_same_prices_are_none(session: Session, world: World) -> None:
    same = flat(versions=[flat_version("2024-01-01", "0.25"), flat_version("2027-01-01", "0.25")])
    world.tariff(same)
    lives(world, read=False)
    assert new_prices(session, FIRST_DAY.date()) == []
    world.tariff(dearer(vat="20"))
    (change,) = new_prices(session, FIRST_DAY.date())
    assert change.starts_on == FROM


def test_one_account_counts_all_its_places_on_the_tariff(session: Session, world: World) -> None:
    world.tariff(dearer())
    one = lives(world)
    point, channel = world.point()
    world.agreement(one.account_id, point, "flat", date(2025, 9, 20))
    world.even(channel, date(2025, 9, 20), 440)
    assert tell(session, FIRST_DAY).startswith("1 queued of 1")
    (notice,) = told(session)
    assert notice.context["place"].count("Test Row") == 2
    assert notice.context["year"]["before_minor"] == pytest.approx(2 * (365 * 50 + 3504 * 25) * 1.05, abs=24)


def test_only_prices_of_one_figure_are_said() -> None:
    seasons = [
        {"name": "summer", "from": "04-01", "to": "10-01"},
        {"name": "winter", "from": "10-01", "to": "04-01"},
    ]
    energy = {
        "kind": "energy",
        "code": "energy",
        "periods": [
            {"label": "All", "price": "0.22", "seasons": ["summer"]},
            {"label": "All", "price": "0.24", "seasons": ["winter"]},
        ],
    }
    kva = {
        "kind": "fixed",
        "code": "kva",
        "label": "Capacity",
        "price": "1.00",
        "per": "month",
        "each": "kVA",
    }
    versions = [
        {"starts_on": "2024-01-01", "seasons": seasons, "charges": [energy, kva]},
        flat_version("2027-01-01", "0.25", vat="5"),
    ]
    before, after = tariff_of(flat(versions=versions)).versions
    assert changed_prices(before, after, "kWh") == (
        ChangedPrice("Standing charge", "day", None, 500_000),
        ChangedPrice("All hours", "kWh", None, 250_000),
        ChangedPrice("All (summer)", "kWh", 220_000, None),
        ChangedPrice("All (winter)", "kWh", 240_000, None),
    )


def test_prices_are_called_as_in_the_readers_language() -> None:
    named = {"Standing charge": "Плата", "All hours": "Все часы", "VAT": "НДС"}
    tariff = tariff_of({**dearer(), "labels": {"ru": named}})
    found = changed_prices(*tariff.versions, "kWh", tariff.labels)
    assert [one.names for one in found] == [{"ru": "Плата"}, {"ru": "Все часы"}]
    context = dict(notice_type("tariff_change").example) | {"prices": [asdict(one) for one in found]}
    sender = Sender("Northmoor Energy")
    for language, words in (("ru", "Все часы: было 0,25"), ("en", "All hours: £0.25 until then")):
        made = write("tariff_change", context, name="A", language=language, timezone="UTC", sender=sender)
        assert words in made.text


def test_a_slice_costs_as_many_statements_however_many_are_in_it(session: Session, world: World) -> None:
    world.tariff(dearer())
    counts = []
    for more in (1, 3):
        for _ in range(more):
            lives(world)
        (change,) = new_prices(session, FIRST_DAY.date())
        ids = list(session.scalars(text("select id from accounts")))
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any, seen: list[str] = seen) -> None:
            seen.append(statement)

        bind = session.connection()
        event.listen(bind, "before_cursor_execute", note)
        found = years_of_use(session, change, ids, FIRST_DAY.date())
        event.remove(bind, "before_cursor_execute", note)
        counts.append((len(found), len(seen)))
    (one, first), (all_, second) = counts
    assert (one, all_) == (1, 4) and first == second
