"""Bill runs of supplies that give energy back: paid for, net, and what is left from bill to bill."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import Issued, issue_cycle
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bill_parts import parts_of_bills, read_parts
from billing.queries.bills import bills_of
from billing.what_if.replaying import BilledMonth, replayed
from meters.tables import Channel

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
FIRST = date(2026, 8, 31)


def energy(**more: Any) -> dict[str, Any]:
    periods = [{"label": "All hours", "price": "0.20"}]
    return {"kind": "energy", "code": "energy", "periods": periods, **more}


PAID = {"kind": "export", "code": "export", "periods": [{"label": "Given back", "price": "0.10"}]}


@pytest.fixture
def world(session: Session) -> World:
    made = World(session)
    yearly = energy(net={"by": "bill", "year_ends": "may", "price": "0.05", "label": "Paid out"})
    kinds = {
        "paid": [energy(), PAID],
        "net": [energy(net={"by": "bill"})],
        "old": [energy()],
        "yearly": [yearly],
    }
    for code, charges in kinds.items():
        made.tariff(flat(code, versions=[{"starts_on": "2024-01-01", "charges": charges}]))
    return made


def solar(world: World, tariff: str, taken: list[Any], given: list[Any] | None, **more: Any) -> Supplied:
    one = world.supplied(tariff, **more)
    world.read(one.channel_id, FIRST, taken)
    channel = Channel(
        service_point_id=one.service_point_id, name="B1", unit="kWh", direction="export", offset_minutes=0
    )
    world.session.add(channel)
    world.session.flush()
    if given is not None:
        world.read(channel.id, FIRST, given)
    return one


def issue(session: Session, month: Month, *accounts: Supplied) -> Issued:
    ids = [one.account_id for one in accounts]
    return issue_cycle(session, month, 1, ids, issued_on=month.plus(1).starts_on, known_at=NOW, now=NOW)


def test_what_is_given_back_is_paid_for_where_the_tariff_does(world: World, session: Session) -> None:
    days = 63 * 48
    paid = solar(world, "paid", [100_000] * days, [250_000] * days)
    old = solar(world, "old", [100_000] * days, [250_000] * days)
    none = world.supplied("paid")
    world.even(none.channel_id, FIRST, 63, 100_000)
    done = issue(session, SEPTEMBER, paid, old, none)
    assert done.held == ()
    totals = [bills_of(session, [one.account_id])[0].total_minor for one in (paid, old, none)]
    assert totals == [2_880 - 3_600, 2_880, 2_880]
    lines = session.execute(
        text("select quantity_micro, price_micro, amount_minor from bill_lines where charge = 'export'")
    ).all()
    assert [tuple(line) for line in lines] == [(360_000_000, -100_000, -3_600)]


def test_credit_goes_from_bill_to_bill(world: World, session: Session) -> None:
    half = 31 * 48
    sunny = solar(world, "net", [100_000] * (63 * 48), [180_000] * half + [0] * (32 * 48))
    other = solar(world, "net", [100_000] * (63 * 48), [0] * (63 * 48))
    for month in (SEPTEMBER, OCTOBER):
        assert issue(session, month, sunny, other).held == ()
    (after, before), (theirs, _) = (bills_of(session, [one.account_id]) for one in (sunny, other))
    # September gives 80 Wh more than it takes in each half-hour; October takes them, and still gets two.
    left = 1_440 * 80_000
    kept = session.execute(
        text("select kind, micro_kwh from net_credits where bill_id = :bill order by kind"),
        {"bill": before.id},
    ).all()
    assert [tuple(row) for row in kept] == [("credit", left), ("surplus", left)]
    assert (before.total_minor, theirs.total_minor) == (0, 2_980)
    assert after.total_minor == round((149_000_000 - 2 * 180_000 - left) * 20 / 10**6) == 669
    for bill in (before, after):
        (part,) = read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id])
        assert part.side.bill().total_minor == bill.total_minor
    months = [
        BilledMonth(bill, read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id]))
        for bill in (before, after)
    ]
    again = replayed(months, months[0].parts[0].part.tariff)
    assert list(again.cost_minor) == [before.total_minor, after.total_minor]
    found = explain_bill(session, after, before)
    assert found.left_over_minor == 0


def test_missing_export_holds_the_account_and_is_never_nothing(world: World, session: Session) -> None:
    days = 63 * 48
    gap = solar(world, "paid", [100_000] * days, [1] * 960 + [None] * 3 + [1] * (days - 963))
    silent = solar(world, "net", [100_000] * days, None)
    done = issue(session, SEPTEMBER, gap, silent)
    assert [(hold.account, hold.code) for hold in done.held] == [
        (gap.account, "missing_export"),
        (silent.account, "missing_export"),
    ]
    assert done.held[0].reason.startswith("3 readings of energy given back are missing at service point")


def test_the_final_bill_pays_what_is_left(world: World, session: Session) -> None:
    days = 63 * 48
    stays = solar(world, "yearly", [100_000] * days, [250_000] * days)
    leaves, switches = (
        solar(
            world, "yearly", [100_000] * days, [250_000] * days,
            ends_before=date(2026, 10, 1), reason=reason,
        )
        for reason in ("moved", "changed_tariff")
    )  # fmt: skip
    assert issue(session, SEPTEMBER, stays, leaves, switches).held == ()
    bills = [bills_of(session, [one.account_id])[0] for one in (stays, leaves, switches)]
    # 216 kWh are left in September.
    # Another tariff ends the year of this one, too, and the line says so.
    assert [bill.total_minor for bill in bills] == [0, -1_080, -1_080]
    labels = text("select label from bill_lines where bill_id = :b and charge = 'export'")
    assert [session.scalar(labels, {"b": bill.id}) for bill in bills] == [
        None, *["Paid out, the year closed with the agreement"] * 2,
    ]  # fmt: skip
    for bill in bills:
        (part,) = read_parts(session, bill, parts_of_bills(session, [bill.id])[bill.id])
        assert part.side.bill().total_minor == bill.total_minor
