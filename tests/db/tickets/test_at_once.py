"""Two at once, each committing: merging against undoing, and two leaders of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import put_in
from tests.worlds.lock_waits import until_all_wait
from utility_crm.auth.sign_ins import begin_sign_in
from utility_crm.customers.tables import Contact
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import CareError
from utility_crm.quality.merging import merge_customers
from utility_crm.tickets.actions import add_message, merge, unmerge
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.care.tables import TicketRuleRun
from utility_crm.tickets.routing.giving import give, set_taker
from utility_crm.tickets.rules.running import run_due
from utility_crm.tickets.rules.store import add_rule
from utility_crm.tickets.tables import Ticket, TicketMessage


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def at_once(engine: Engine, *acts: Callable[[Session], object]) -> list[object]:
    together = Barrier(len(acts))

    def done(act: Callable[[Session], object]) -> object:
        try:
            with unit_of_work(engine) as session:
                together.wait(timeout=30)
                return act(session)
        except CareError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def test_who_merges_and_who_undoes_never_wait_for_each_other(fresh: Engine) -> None:
    """The merged ticket has the higher number: undone from it, and merged from below, the two would hold one
    row each. A word of the customer's that follows the merge holds both as well."""
    with unit_of_work(fresh) as session:
        care = put_in(session)
        low, high = (care.open(text=f"word {number}") for number in range(2))
        now = care.now
    for turn in range(15):
        with unit_of_work(fresh) as session:
            if session.get_one(Ticket, high).merged_into_id is None:
                merge(session, high, low, now=now)
        came = at_once(
            fresh,
            lambda session: unmerge(session, high, now=now),
            lambda session: merge(session, low, high, now=now),
            lambda session, turn=turn: add_message(  # type: ignore[misc]
                session, high, direction="in", text=f"turn {turn}", channel="email", now=now
            ),
        )
        assert all(isinstance(one, CareError | list | int) for one in came)
        with unit_of_work(fresh) as session:
            if session.get_one(Ticket, low).merged_into_id is not None:
                unmerge(session, low, now=now)
            merged = select(Ticket.id).where(Ticket.merged_into_id.is_not(None))
            inside = select(func.count()).where(TicketMessage.ticket_id.in_(merged))
            assert session.scalar(inside) == 0
            assert session.scalar(select(func.count()).select_from(TicketMessage)) == 3 + turn


def test_two_leaders_let_a_rule_act_once(fresh: Engine) -> None:
    with unit_of_work(fresh) as session:
        care = put_in(session)
        rule = {"when": [{"since": "opened", "minutes": 60}], "then": [{"add_note": "An hour"}]}
        add_rule(session, "An hour", rule, now=care.now, by=None)
        for _ in range(20):
            care.open(now=care.later(minutes=1))
        later = care.later(hours=2)
    said = at_once(fresh, *[lambda session: run_due(session, later)] * 4)
    assert not [one for one in said if isinstance(one, Exception)]
    with unit_of_work(fresh) as session:
        run_due(session, later)
        notes = select(func.count()).where(TicketMessage.direction == "note")
        assert session.scalar(notes) == 20
        assert session.scalar(select(func.count()).select_from(TicketRuleRun)) == 20


def test_who_writes_on_a_ticket_goes_on_while_its_customer_is_merged(fresh: Engine) -> None:
    """The writer holds the ticket and names its customer; the merge holds the customers and wants the
    ticket. Each waiting for the other, one would be thrown out."""
    with unit_of_work(fresh) as session:
        care = put_in(session)
        ticket = care.open(customer_id=care.bakery)
        keep, gone, now = care.margaret, care.bakery, care.now

    def merged() -> object:
        with unit_of_work(fresh) as session:
            return merge_customers(session, keep, gone, None, now)

    with ThreadPoolExecutor(1) as pool, unit_of_work(fresh) as session:
        held(session, ticket)
        one = pool.submit(merged)
        assert until_all_wait(fresh, one)
        session.add(Contact(customer_id=gone, at=now, channel="call", topic="bill", note="They called"))
        session.flush()
        session.commit()
        assert one.result(timeout=30) is not None
    with unit_of_work(fresh) as session:
        assert session.get_one(Ticket, ticket).customer_id == keep


def test_who_hands_out_waits_for_nobody_who_does_so_too(fresh: Engine) -> None:
    """Each holds a ticket that it will write on to its end; to wait for the other's turn, then for its
    ticket, would be a circle."""
    with unit_of_work(fresh) as session:
        care = put_in(session)
        one, other, now = care.open(), care.open(), care.now
        set_taker(session, care.priya, capacity=9, present=True)
        begin_sign_in(session, care.priya, session.execute(select(func.now())).scalar_one())

    def given(ticket_id: int) -> int | None:
        with unit_of_work(fresh) as session:
            session.execute(text("set local lock_timeout = '20s'"))
            return give(session, ticket_id, now=now).user_id

    with ThreadPoolExecutor(1) as pool, unit_of_work(fresh) as session:
        assert give(session, one, now=now).user_id == care.priya
        assert pool.submit(given, other).result(timeout=60) == care.priya
        held(session, other)
    with unit_of_work(fresh) as session:
        assert {session.get_one(Ticket, ticket).assignee_id for ticket in (one, other)} == {care.priya}
