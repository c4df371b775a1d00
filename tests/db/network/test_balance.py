"""The energy balance of a metered transformer: what came in, what was taken, and when that is no loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions import ingest
from meters.asking import asked
from meters.balance.balancing import balance_days, balance_network
from meters.balance.importing import COLUMNS
from meters.balance.queries import NodeBalance, node_balances
from meters.tables import ServicePoint
from utility_crm.customers.tables import Account, Customer, Occupancy
from utility_crm.network.importing import import_network
from utility_crm.network.tables import NetworkNode, Premise

DAY = date(2026, 11, 10)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
Balance = Callable[..., NodeBalance]


@pytest.fixture
def network(session: Session) -> None:
    """A transformer with a meter; two homes on it, one on its sister."""
    tree = (
        b"code,kind,parent,service_point\nN,area,,\nN1,feeder,N,\nT1,transformer,N1,TM1\nT2,transformer,N1,\n"
    )
    assert import_network(session, tree, added=[COLUMNS]).problems == ()
    ids = dict(session.execute(text("select code, id from network_nodes")).all())
    for code, node in (("SP1", "T1"), ("SP2", "T1"), ("SP3", "T2")):
        premise = Premise(code=f"P-{code}", node_id=ids[node], address="1 Mill Lane", timezone="UTC")
        session.add(premise)
        session.flush()
        session.add(ServicePoint(code=code, premise_id=premise.id))
    session.flush()


def lived_in(session: Session) -> None:
    """Somebody lives at every premise."""
    session.add(
        Customer(number="C1", kind="person", name="Mill Lane", segment="household", since=date(2026, 1, 1))
    )
    session.flush()
    customer_id = session.scalar(text("select id from customers"))
    for premise_id in session.scalars(text("select id from premises")).all():
        account = Account(
            number=f"A{premise_id}",
            customer_id=customer_id,
            payer_id=customer_id,
            currency="GBP",
            cycle_day=1,
            opened_on=DAY,
        )
        session.add(account)
        session.flush()
        session.add(Occupancy(account_id=account.id, premise_id=premise_id, starts_on=date(2026, 1, 1)))
    session.flush()


@pytest.fixture
def balanced(session: Session, tmp_path: Path) -> Balance:
    def made(**days: list[object]) -> NodeBalance:
        path = csv_file(tmp_path, "day.csv", *((code, DAY, values) for code, values in days.items()))
        ingest(session, path, asked(timezone="UTC"))
        balance_days(session, [DAY], NOW)
        [found] = node_balances(session, DAY, DAY)
        return found

    return made


@pytest.mark.usefixtures("network")
def test_what_is_lost_is_a_share_of_what_came_in(balanced: Balance) -> None:
    found = balanced(TM1=[10] * 24, SP1=[4] * 24, SP2=[5] * 24, SP3=[7] * 24)
    assert (found.code, found.kind, found.area) == ("T1", "transformer", "N")
    [day] = found.days
    assert (day.input_micro, day.supplied_micro, day.short) == (240_000_000, 216_000_000, 0)
    assert found.share == pytest.approx(0.1)


@pytest.mark.usefixtures("network")
def test_a_hole_in_one_of_three_meters_makes_the_day_say_nothing(session: Session, balanced: Balance) -> None:
    lived_in(session)
    found = balanced(TM1=[10] * 24, SP1=[4] * 24, SP2=[5] * 23 + [None])
    assert (found.days[0].short, found.days[0].share, found.share) == (1, None, None)


@pytest.mark.usefixtures("network")
def test_a_meter_that_lacks_readings_counts_as_it_usually_does(
    session: Session, tmp_path: Path, balanced: Balance
) -> None:
    lived_in(session)
    before = [("SP2", DAY - timedelta(days=back), [5] * 24) for back in range(1, 4)]
    ingest(session, csv_file(tmp_path, "before.csv", *before), asked(timezone="UTC"))
    found = balanced(TM1=[10] * 24, SP1=[4] * 24)
    assert (found.days[0].short, found.days[0].supplied_micro) == (1, 216_000_000)


@pytest.mark.usefixtures("network")
def test_a_meter_that_has_not_begun_or_where_nobody_lives_is_not_due(balanced: Balance) -> None:
    found = balanced(TM1=[10] * 24, SP1=[10] * 23 + [None])
    assert (found.days[0].channels, found.days[0].short, found.days[0].supplied_micro) == (1, 0, 230_000_000)


@pytest.mark.usefixtures("network")
def test_a_day_that_comes_late_is_balanced_by_the_clock(session: Session, tmp_path: Path) -> None:
    assert balance_network(session, NOW) == "40 days balanced"
    assert node_balances(session, DAY, DAY) == []
    ingest(session, csv_file(tmp_path, "a.csv", ("TM1", DAY, [10] * 24)), asked(timezone="UTC"))
    session.execute(text("update feeds set received_at = :now"), {"now": NOW})
    balance_days(session, [DAY - timedelta(days=1), DAY], NOW)
    ingest(session, csv_file(tmp_path, "b.csv", ("SP1", DAY, [9] * 24)), asked(timezone="UTC"))
    session.execute(text("update feeds set received_at = :now"), {"now": NOW})
    assert balance_network(session, NOW + timedelta(minutes=10)) == "1 days balanced"
    [found] = node_balances(session, DAY, DAY)
    assert found.share == pytest.approx(0.1)


def test_without_a_metered_node_there_is_nothing_to_do(session: Session) -> None:
    session.add(NetworkNode(code="N", name="N", kind="area", parent_id=None))
    session.flush()
    assert balance_network(session, NOW) == "no node has a meter"
