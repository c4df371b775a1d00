"""A live fact is what the books say at once, after any sequence of acts: bills, payments, moves, words for
and against being written to, two customers made one and parted again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from billing_world import NOW, World, flat
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.actions.payments import take_payment
from billing.life.moving import move_in, move_out
from notifications.consents.recording import record_consent
from utility_crm.kit.errors import CareError
from utility_crm.network.tables import NetworkNode
from utility_crm.quality.merging import merge_customers, undo_merge
from utility_crm.segments.domain.tree import Leaf, Not
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import begun, count, look

TODAY = NOW.date()
PLACE = st.integers(0, 2)
Facts = dict[str, dict[int, Any]]


def as_asked(session: Session) -> Facts:
    """What segments read of everybody."""
    found: Facts = {}
    for name in ("supplied", "tariff", "area", "balance", "may_be_written_to"):
        compiler = begun(NOW)
        rows = session.execute(text(compiler.rows(offers()[name], "")), compiler.bound)
        values: dict[int, Any] = defaultdict(set)
        for customer, value in rows:
            values[customer].add(value)
        found[name] = dict(values)
    return found


def as_booked(session: Session) -> Facts:
    """The same from the books alone: whose an account is, what was posted, what was agreed, what was said."""

    def rows(sql: str) -> list[Any]:
        return list(session.execute(text(sql)))

    holder = {row.id: row.customer_id for row in rows("select id, customer_id from accounts")}
    node = {row.id: row.node_id for row in rows("select id, node_id from premises")}
    code = {row.id: row.code for row in rows("select id, code from network_nodes")}
    tariff = {row.id: row.code for row in rows("select id, code from tariffs")}
    found: Facts = {name: defaultdict(set) for name in ("supplied", "tariff", "area", "may_be_written_to")}
    for row in rows("select account_id, tariff_id, starts_on, ends_before from agreements"):
        if row.starts_on <= TODAY and (row.ends_before is None or row.ends_before > TODAY):
            found["supplied"][holder[row.account_id]].add(True)
            found["tariff"][holder[row.account_id]].add(tariff[row.tariff_id])
    for row in rows("select account_id, premise_id, starts_on, ends_before from occupancies"):
        if row.starts_on <= TODAY and (row.ends_before is None or row.ends_before > TODAY):
            found["area"][holder[row.account_id]].add(code[node[row.premise_id]])
    owed: dict[int, int] = defaultdict(int)
    for row in rows("select account_id, debit, credit, amount_minor from ledger_entries"):
        if "receivable" in (row.debit, row.credit):
            owed[holder[row.account_id]] += row.amount_minor * (1 if row.debit == "receivable" else -1)
    last = {}
    for row in rows("select customer_id, channel, granted from consents where purpose = 'marketing' "
                    "order by at, id"):  # fmt: skip
        last[row.customer_id, row.channel] = row.granted
    for (customer, channel), granted in last.items():
        if granted:
            found["may_be_written_to"][customer].add(channel)
    found["balance"] = {customer: {amount} for customer, amount in owed.items()}
    return {name: dict(values) for name, values in found.items()}


class Acts(RuleBasedStateMachine):
    """Three customers, an account and a place each."""

    def __init__(self, session: Session, world: World) -> None:
        super().__init__()
        self.session, self.savepoint = session, session.begin_nested()
        self.at, self.turn = datetime(2026, 1, 1, tzinfo=UTC), 0
        nodes = [NetworkNode(code=code, name=code, kind="area") for code in ("N", "S")]
        session.add_all(nodes)
        session.flush()
        self.nodes = [node.id for node in nodes]
        made = [world.account() for _ in range(3)]
        self.customers, self.accounts = [one for one, _ in made], [account for _, account in made]
        self.points = [world.point()[0] for _ in range(3)]
        session.execute(text("update premises set node_id = :node"), {"node": self.nodes[0]})
        self.merges: list[int] = []

    def on(self) -> date:
        self.turn += 1
        self.at += timedelta(days=1)
        return self.at.date()

    def tried(self, act: Callable[[], Any]) -> Any:
        """What an act gives; nothing where it is refused, or clashes."""
        with suppress(CareError), self.session.begin_nested():
            return act()
        return None

    @rule(account=PLACE, total=st.integers(-1500, 4000))
    def bill(self, account: int, total: int) -> None:
        bill(self.session, self.accounts[account], total)

    @rule(account=PLACE, amount=st.integers(1, 3000))
    def pay(self, account: int, amount: int) -> None:
        on = self.on()
        take_payment(
            self.session, self.accounts[account], amount, reference=f"x{self.turn}", received_at=self.at,
            posted_on=on,
        )  # fmt: skip

    @rule(account=PLACE, point=PLACE, tariff=st.sampled_from(["flat", "other"]))
    def move_in(self, account: int, point: int, tariff: str) -> None:
        tariff_id = self.session.scalar(text("select id from tariffs where code = :code"), {"code": tariff})
        on = self.on()
        where = (self.accounts[account], self.points[point], tariff_id, on)
        self.tried(lambda: move_in(self.session, *where))

    @rule(place=PLACE)
    def move_out(self, place: int) -> None:
        on = self.on()
        living = text("select id from agreements where ends_before is null and starts_on < :on order by id")
        found = self.session.scalars(living, {"on": on}).all()
        if found:
            one = found[place % len(found)]
            self.tried(lambda: move_out(self.session, one, on, "moved", today=TODAY, now=NOW, bill_now=False))

    @rule(place=PLACE, node=st.integers(0, 1))
    def other_feeder(self, place: int, node: int) -> None:
        given = {"node": self.nodes[node], "point": self.points[place]}
        there = "(select premise_id from service_points where id = :point)"
        self.session.execute(text(f"update premises set node_id = :node where id = {there}"), given)

    @rule(place=PLACE, channel=st.sampled_from(["email", "sms"]), granted=st.booleans(),
          purpose=st.sampled_from(["marketing", "marketing", "service"]))  # fmt: skip
    def say(self, place: int, channel: str, granted: bool, purpose: str) -> None:
        self.on()
        record_consent(self.session, self.customers[place], purpose, channel, granted=granted, now=self.at,
                       proof="said so")  # fmt: skip

    @rule(keep=PLACE, gone=PLACE)
    def merge(self, keep: int, gone: int) -> None:
        ids = self.customers[keep], self.customers[gone]
        done = self.tried(lambda: merge_customers(self.session, *ids, None, NOW))
        if done is not None:
            self.merges.append(done.id)

    @rule()
    def part(self) -> None:
        if self.merges:
            one = self.merges.pop()
            self.tried(lambda: undo_merge(self.session, one, None, NOW))

    @invariant()
    def facts_are_the_books(self) -> None:
        self.session.flush()
        asked, booked = as_asked(self.session), as_booked(self.session)
        assert asked == booked
        owing = Leaf("balance", "above", (0,))
        owe = [one for one in booked["supplied"] if max(booked["balance"].get(one, {0})) > 0]
        found = look(self.session, owing, NOW)
        assert (found.size, found.of) == (len(owe), len(booked["supplied"]))
        assert count(self.session, owing, NOW) == len(owe)
        assert count(self.session, Not(owing), NOW) == len(booked["supplied"]) - len(owe)

    def teardown(self) -> None:
        self.savepoint.rollback()


def test_a_live_fact_is_what_the_books_say(session: Session) -> None:
    world = World(session)
    world.tariff(flat())
    world.tariff(flat("other"))
    run_state_machine_as_test(
        lambda: Acts(session, World(session, tariffs=world.tariffs)),
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )  # fmt: skip


@pytest.mark.parametrize("table", ["agreements", "occupancies"])
def test_no_row_names_another_customer_than_its_account_does(session: Session, table: str) -> None:
    world = World(session)
    world.tariff(flat())
    one, (other, _) = world.supplied(), world.account()
    move_in(session, one.account_id, world.point()[0], world.tariffs["flat"], TODAY)
    session.flush()
    given = {"other": other, "account": one.account_id}
    whose = text(f"select distinct customer_id from {table} where account_id = :account")
    session.execute(text(f"update {table} set customer_id = :other where account_id = :account"), given)
    assert session.scalars(whose, given).all() == [one.customer_id]
    session.execute(text("update accounts set customer_id = :other where id = :account"), given)
    assert session.scalars(whose, given).all() == [other]
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(f"update {table} set account_id = 0 where account_id = :account"), given)
