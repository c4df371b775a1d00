"""Merges, splits and their undoing move messages and lose none, whatever happens in which order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care, put_in
from utility_crm.kit.errors import CareError, Conflict, Invalid
from utility_crm.tickets.actions import (
    add_message,
    answer_all,
    merge,
    open_ticket,
    set_parent,
    set_status,
    split,
    unmerge,
    watch,
)
from utility_crm.tickets.actions.incidents import children_of
from utility_crm.tickets.actions.linking import watchers_of
from utility_crm.tickets.tables import Ticket, TicketEventRow, TicketMessage


def messages(session: Session, ticket_id: int) -> list[int]:
    statement = select(TicketMessage.id).where(TicketMessage.ticket_id == ticket_id)
    return list(session.scalars(statement.order_by(TicketMessage.id)))


def row(session: Session, ticket_id: int) -> Ticket:
    return session.get_one(Ticket, ticket_id, populate_existing=True)


def test_merging_and_undoing_it(care: Care) -> None:
    one, other, below = care.open(), care.open(customer_id=None), care.open()
    set_parent(care.session, below, one, now=care.now)
    watch(care.session, one, care.priya, now=care.now)
    before = messages(care.session, one)
    kept = messages(care.session, other)
    merge(care.session, one, other, now=care.later(hours=1), by=care.priya)
    old, new = row(care.session, one), row(care.session, other)
    assert (old.status, old.merged_into_id) == ("closed", other) and messages(care.session, one) == []
    assert messages(care.session, other) == sorted([*before, *kept])
    assert new.customer_id == care.margaret and children_of(care.session, other) == [below]
    assert watchers_of(care.session, other) == [care.priya]
    with pytest.raises(Conflict):
        merge(care.session, one, other, now=care.now)
    with pytest.raises(Invalid):
        merge(care.session, other, other, now=care.now)
    later = add_message(care.session, one, direction="in", text="Me again", channel="email", now=care.now)
    assert row(care.session, one).status == "closed"  # their word landed where it went
    unmerge(care.session, one, now=care.later(hours=1), by=care.priya)
    assert messages(care.session, one) == before
    assert messages(care.session, other) == sorted([*kept, later])
    assert children_of(care.session, one) == [below] and watchers_of(care.session, other) == []
    back = row(care.session, one)
    assert (back.status, back.merged_into_id, back.solved_at, back.waits_since) == (
        "new",
        None,
        None,
        back.opened_at,
    )


def test_parting_takes_the_chosen_and_leaves_the_rest(care: Care) -> None:
    one = care.open()
    first = messages(care.session, one)
    second = add_message(
        care.session, one, direction="in", text="And my meter", channel="email", now=care.later(hours=1)
    )
    new = split(
        care.session, one, [second], subject="The meter", now=care.later(hours=1), by=care.priya, kind="meter"
    )
    assert (messages(care.session, one), messages(care.session, new)) == (first, [second])
    assert (row(care.session, new).kind, row(care.session, new).customer_id) == ("meter", care.margaret)
    for wrong, error in (([], Invalid), (first, Invalid), ([second], Conflict)):
        with pytest.raises(error):
            split(care.session, one, wrong, subject="x", now=care.now)


def test_one_answer_to_all_below_an_incident(care: Care) -> None:
    incident, one, two, done = (
        care.open(),
        care.open(channel="messenger"),
        care.open(channel="api"),
        care.open(),
    )
    for child in (one, two, done):
        assert set_parent(care.session, child, incident, now=care.now)
        assert not set_parent(care.session, child, incident, now=care.now)
    set_status(care.session, done, "solved", now=care.now)
    for child, parent, error in (
        (incident, one, Conflict),
        (one, one, Invalid),
        (incident, care.open(), Conflict),
    ):
        with pytest.raises(error):
            set_parent(care.session, child, parent, now=care.now)
    for turn in range(2):  # sent twice: each has it once
        came = answer_all(
            care.session, incident, text="It is on again", now=care.now, by=care.priya, form_key="k"
        )
        assert (came.unchanged if turn else came.done) == (one, two) and came.refused == ()
    out = (
        select(TicketMessage.channel)
        .where(TicketMessage.direction == "out")
        .order_by(TicketMessage.ticket_id)
    )
    assert care.session.scalars(out).all() == ["messenger", "web"]


class Moving(RuleBasedStateMachine):
    """Tickets opened, written on, merged, parted and merged back, in any order."""

    engine: Engine
    tickets = Bundle("tickets")
    merges = Bundle("merges")

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(
            self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        self.care = put_in(self.session)
        self.written: dict[int, str] = {}

    def teardown(self) -> None:
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def _keep(self, ticket_id: int) -> int:
        for message in self.session.scalars(
            select(TicketMessage).where(TicketMessage.ticket_id == ticket_id)
        ):
            self.written[message.id] = message.text
        return ticket_id

    @rule(target=tickets)
    def opens(self) -> int:
        return self._keep(self.care.open(text=f"first {len(self.written)}", now=self.care.later(hours=1)))

    @rule(ticket=tickets, days=st.sampled_from([0, 1, 20]))
    def hears(self, ticket: int, days: int) -> None:
        text = f"word {len(self.written)}"
        now = self.care.later(days=days, hours=1)
        message = add_message(self.session, ticket, direction="in", text=text, channel="email", now=now)
        self.written[message] = text

    @rule(ticket=tickets, status=st.sampled_from(["open", "waiting", "solved", "closed"]))
    def turns(self, ticket: int, status: str) -> None:
        try:
            set_status(self.session, ticket, status, now=self.care.later(minutes=1))
        except Conflict:
            assert row(self.session, ticket).merged_into_id is not None

    @rule(target=merges, one=tickets, other=tickets)
    def merges_two(self, one: int, other: int) -> object:
        try:
            merge(self.session, one, other, now=self.care.later(minutes=1))
        except CareError:
            merged = [row(self.session, each).merged_into_id for each in (one, other)]
            assert one == other or any(merged)
            return multiple()
        return one

    @rule(ticket=consumes(merges))
    def undoes(self, ticket: int) -> None:
        unmerge(self.session, ticket, now=self.care.later(minutes=1))
        assert row(self.session, ticket).merged_into_id is None

    @rule(target=tickets, ticket=tickets, lot=st.integers(0, 5))
    def parts(self, ticket: int, lot: int) -> object:
        here = messages(self.session, ticket)
        if len(here) < 2:
            return multiple()
        chosen = here[: 1 + lot % (len(here) - 1)]
        return split(self.session, ticket, chosen, subject="parted", now=self.care.later(minutes=1))

    @invariant()
    def no_message_is_lost_or_doubled(self) -> None:
        self.session.expire_all()
        found = self.session.execute(
            select(TicketMessage.id, TicketMessage.text, TicketMessage.ticket_id)
        ).all()
        ours = {one.id: one.text for one in found}
        assert ours == self.written
        merged = select(Ticket.id).where(Ticket.merged_into_id.is_not(None))
        assert not {one.ticket_id for one in found} & set(self.session.scalars(merged))

    @invariant()
    def every_version_has_its_event(self) -> None:
        told = select(TicketEventRow.ticket_id, TicketEventRow.version).where(
            TicketEventRow.kind != "sending"
        )
        seen = [tuple(one) for one in self.session.execute(told)]
        assert len(seen) == len(set(seen))
        versions = dict(tuple(one) for one in self.session.execute(select(Ticket.id, Ticket.version)))
        assert all(versions[ticket] >= version for ticket, version in seen)


def test_no_message_is_ever_lost(engine: Engine) -> None:
    Moving.engine = engine
    run_state_machine_as_test(
        Moving,
        settings=settings(
            max_examples=12, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_open_ticket_is_the_contracts(care: Care) -> None:
    """The call that other rooms make, as they make it."""
    ticket = open_ticket(
        care.session, kind="meter", subject="s", text="t", channel="email", now=care.now,
        customer_id=care.margaret, by=None, sender="m@post.example", language="ru",
        external_id="<x@y>", attachments=(),
    )  # fmt: skip
    assert (
        row(care.session, ticket).language == "ru"
        and row(care.session, ticket).number == f"T-{10000 + ticket}"
    )
