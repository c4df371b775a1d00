"""Two simulated years of two homes: one with panels, paid by feed-in, then net with credit and cash-out;
one with a dial of gas, estimated, read, exchanged and put right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import Supplied, World, check_books, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import change_tariff
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.corrections.approving import approve_corrections
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.explaining import explain_bill
from billing.queries.bills import BillRow, bill_before, bills_of
from meters.registers.recording import Taken, record_read
from meters.tables import Channel
from meters.usage import settle_readings

JANUARY = Month(2025, 1)
KWH = 1_000_000
TAKEN, SUMMER, WINTER = 200_000, 600_000, 40_000
"""Of a half-hour: what the home takes, and what it gives back from April to September, and else."""


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def billed(session: Session, one: Supplied, month: Month, known_at: datetime) -> BillRow:
    """The month's bill, explained against the one before, the books checked."""
    on = month.plus(1).starts_on + timedelta(days=2)
    done = issue_cycle(session, month, 1, [one.account_id], issued_on=on, known_at=known_at, now=known_at)
    assert (len(done.bill_ids), done.held) == (1, ())
    check_books(session)
    bill = bills_of(session, [one.account_id])[0]
    found = explain_bill(session, bill, bill_before(session, bill))
    assert found.kind == "first" or found.left_over_minor == 0
    return bill


def paid(session: Session, one: Supplied, on: date) -> None:
    """All that is owed, if anything; what we owe waits for the next bill."""
    owed = session.scalar(
        text("select balance_minor from account_balances where account_id = :a"), {"a": one.account_id}
    )
    if owed and owed > 0:
        at = datetime.combine(on, datetime.min.time(), UTC)
        take_payment(session, one.account_id, owed, reference=f"p{on}", received_at=at, posted_on=on)
        check_books(session)


def sunny_tariffs(world: World) -> None:
    energy = {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.20"}]}
    given = {"kind": "export", "code": "export", "periods": [{"label": "Given back", "price": "0.08"}]}
    net = {"by": "month", "year_ends": "december", "price": "0.05", "label": "Paid out"}
    for code, charges in {"feed-in": [energy, given], "net": [{**energy, "net": net}]}.items():
        world.tariff(flat(code, versions=[{"starts_on": "2024-01-01", "charges": charges}]))


def half_hours(first: date, days: int) -> list[Any]:
    found: list[Any] = []
    for number in range(days):
        month = (first + timedelta(days=number)).month
        found += [SUMMER if 4 <= month <= 9 else WINTER] * 48
    return found


def test_two_years_of_sun(world: World, session: Session) -> None:
    sunny_tariffs(world)
    home = world.supplied("feed-in", starts_on=date(2025, 1, 1))
    channel = Channel(
        service_point_id=home.service_point_id, name="B1", unit="kWh", direction="export", offset_minutes=0
    )
    session.add(channel)
    session.flush()
    first, days = date(2024, 12, 31), 733
    world.even(home.channel_id, first, days, TAKEN)
    world.read(channel.id, first, half_hours(first, days))
    known_at = datetime(2027, 1, 10, tzinfo=UTC)

    # The first year all that is given back is paid for: June is a bill that we owe.
    totals = []
    for place in range(12):
        bill = billed(session, home, JANUARY.plus(place), known_at)
        totals.append(bill.total_minor)
        paid(session, home, JANUARY.plus(place + 1).starts_on + timedelta(days=11))
    june = 30 * 48
    assert totals[5] == june * TAKEN * 20 // KWH - june * SUMMER * 8 // KWH == -1_152
    change_tariff(session, home.agreement_id, world.tariffs["net"], date(2026, 1, 1))

    # The second year is net: from April more is given than taken, which is carried and used from October.
    second = [billed(session, home, JANUARY.plus(place), known_at) for place in range(12, 24)]
    summer = sum(one.total_minor for one in second[3:9])
    assert summer == 0 and all(one.total_minor > 0 for one in second[:2])
    rows = session.execute(
        text("select b.starts_on, n.micro_kwh from net_credits n join bills b on b.id = n.bill_id "
             "where n.kind = 'credit' order by b.starts_on")
    ).all()  # fmt: skip
    credit = {row.starts_on.month: row.micro_kwh for row in rows}
    more, less = SUMMER - TAKEN, TAKEN - WINTER
    # Days of British summer time begin an hour earlier: 31 March holds two winter half-hours less of April's.
    assert credit[9] > credit[4] > 0 and abs(credit[9] - 183 * 48 * more) <= 4 * (more + less)
    assert credit[10] < credit[9] and abs(credit[9] - credit[10] - 31 * 48 * less) <= 4 * (more + less)
    # What is not used by the end of December is paid out, and nothing of it goes on.
    assert 12 not in credit
    december = second[-1]
    lines = session.execute(
        text("select charge, quantity_micro, amount_minor from bill_lines where bill_id = :b"),
        {"b": december.id},
    ).all()
    taken = sum(line.amount_minor for line in lines if line.charge == "energy")
    out = [line for line in lines if line.charge == "export"]
    assert december.total_minor == taken + sum(line.amount_minor for line in out)
    left = credit[11] - 31 * 48 * less
    assert sum(line.amount_minor for line in out) == -round(left * 5 / KWH) < 0
    check_books(session)


def gas_tariff() -> dict[str, Any]:
    values = [{"from": "2024-01-01", "value": "39.2"}, {"from": "2026-01-01", "value": "39.9"}]
    volume = {"commodity": "gas", "correction": "1.02264", "calorific_values": values}
    return {**flat("gas", price="0.07", standing="0.30"), "volume": volume}


def test_two_years_of_a_gas_dial(world: World, session: Session) -> None:
    """A read a month; one is an estimate that is too low, a later one shows it; the meter is exchanged."""
    world.tariff(gas_tariff())
    home = world.supplied("gas", starts_on=date(2025, 1, 1))
    code = world.point_code(home.service_point_id)
    figure = 1_000

    def read(on: date, m3: int, kind: Any = "actual", meter: str = "G-1") -> None:
        summer = 1 if 4 <= on.month <= 10 and on != date(on.year, 4, 1) else 0
        at = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=summer)
        record_read(session, code, Taken("G", m3 * KWH, unit="m3", meter=meter), at, kind)

    read(date(2025, 1, 1), figure)
    for place in range(24):
        month = JANUARY.plus(place)
        ends, meter = month.plus(1).starts_on, "G-2" if place >= 18 else "G-1"
        if place == 17:  # taken down on the last of June 2026, and another put up
            read(ends, figure + 80, "final")
            read(ends, 0, "first", "G-2")
            figure = 0
        elif place == 8:  # nobody came: 20 of 80 m3 are guessed
            read(ends, figure + 20, "estimated")
            figure += 80
        else:
            figure += 80
            read(ends, figure, meter=meter)
        bill = billed(session, home, month, settle_readings(session))
        paid(session, home, ends + timedelta(days=11))
        if place == 9:  # October's read shows that September's estimate was too low
            assert explain_bill(session, bill, bill_before(session, bill)).rows[0].effect == "estimate"
            at = settle_readings(session)
            look = find_corrections(session, known_at=at, today=date(2025, 11, 3), now=at, country="GB")
            assert (look.differ, look.held) == (1, 0)
            ids = list(session.scalars(text("select id from corrections where state = 'proposed'")))
            done = approve_corrections(
                session, ids, user_id=None, decision="read", today=date(2025, 11, 3), now=at, country="GB"
            )
            assert len(done.credit_notes) == 1 and done.charged_minor > done.credited_minor
            check_books(session)
    # All that both dials counted was charged once: 80 m3 a month.
    metered = session.scalar(
        text("select sum(l.quantity_micro) from bill_lines l join bills b on b.id = l.bill_id "
             "where b.status = 'issued' and l.unit = 'm3'")
    )  # fmt: skip
    assert metered == 24 * 80 * KWH
