"""Whatever happens in whatever order: nothing but the urgent leaves at night, nothing without leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.domain.permission import QuietHours
from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import queue, take_back
from notifications.outbox.receipts import Told, fall_back, take_receipts
from notifications.outbox.settling import Tried, settle
from tests.db.notifications.conftest import Town, reminder
from utility_crm.customers.tables import ContactPoint

ZONES = ("Europe/London", "Australia/Lord_Howe", "America/New_York")
MAIL = "care@utility.example"
STARTS = datetime(2026, 10, 24, 18, tzinfo=UTC)
"""The evening before clocks go back in London."""

_PERSON = st.integers(0, len(ZONES) - 1)
_STEPS = st.one_of(
    st.tuples(st.just("queue"), _PERSON, st.booleans(), st.booleans()),
    st.tuples(
        st.just("consent"),
        _PERSON,
        st.sampled_from(["service", "marketing"]),
        st.sampled_from(["email", "sms"]),
        st.booleans(),
    ),
    st.tuples(st.just("clock"), st.integers(1, 11 * 60)),
    st.tuples(st.just("deliver"), st.sampled_from(["taken", "killed", "later", "refused", "unknown"])),
    st.tuples(st.just("receipt"), st.sampled_from(["delivered", "bounced", "failed", "complained"])),
    st.tuples(st.just("take_back"), _PERSON),
)


class World:
    """Three people in three zones, a clock, and a worker that looks at what it is given."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, STARTS
        town = Town(session)
        self.accounts = [town.person(zone=zone) for zone in ZONES]
        for number, account in enumerate(self.accounts):
            phone = f"+44770090000{number}"
            session.add(
                ContactPoint(customer_id=account.customer_id, kind="phone", value=phone, normal=phone)
            )
        session.flush()
        self.queued = self.left = 0

    def queue(self, who: int, urgent: bool, marketing: bool) -> None:
        self.queued += 1
        account = self.accounts[who]
        key = f"F-{who}-{self.queued}"
        queue(self.session, reminder(account, key, urgent=urgent), self.now)
        if marketing:
            told = {"about": f"bill:{key}"}
            self.session.execute(text("update outbox set purpose = 'marketing' where about = :about"), told)

    def consent(self, who: int, purpose: str, channel: str, granted: bool) -> None:
        customer = self.accounts[who].customer_id
        record_consent(
            self.session, customer, purpose, channel, granted=granted, now=self.now, proof="a call"
        )

    def clock(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        fall_back(self.session, self.now)

    def take_back(self, who: int) -> None:
        take_back(self.session, [f"bill:F-{who}-{number}" for number in range(self.queued)], self.now)

    def deliver(self, became: str) -> None:
        for channel in ("email", "sms"):
            _looked_at, held = claim(self.session, self.now, Terms(), MAIL, channel=channel)
            for one in held:
                self.judge(one)
            self.left += len(held)
            if became != "killed":  # who is killed writes nothing down; its lease runs out
                again = self.now + timedelta(minutes=5) if became in ("later", "unknown") else None
                tried = [Tried(one, became, self.now, "s", again_at=again) for one in held]  # type: ignore[arg-type]
                settle(self.session, tried, self.now)

    def receipt(self, kind: str) -> None:
        newest = text("select message_id from outbox where state = 'sent' order by id desc limit 1")
        name = self.session.scalar(newest)
        if name:
            event = f"{kind}-{name}-{self.now.isoformat()}"
            take_receipts(self.session, "gateway", [Told(event, name, kind, self.now)], self.now)  # type: ignore[arg-type]

    def judge(self, one: Any) -> None:
        """What must hold of every notice that a worker may send, asked of the rows themselves."""
        row = self.session.execute(
            text("""
                select outbox.urgent, outbox.timezone, outbox.purpose,
                       (select granted from consents
                        where consents.customer_id = outbox.customer_id and consents.channel = outbox.channel
                          and consents.purpose = outbox.purpose order by at desc, id desc limit 1) as word,
                       exists (select from suppressions as closed where closed.channel = outbox.channel
                               and closed.address = lower(outbox.address) and lifted_at is null) as closed
                from outbox where id = :id
            """),
            {"id": one.id},
        ).one()
        wall = self.now.astimezone(ZoneInfo(row.timezone)).time()
        assert row.urgent or not QuietHours().holds(wall), f"{wall} is night in {row.timezone}"
        assert row.word is not False and not row.closed
        assert row.purpose == "service" or row.word is True


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(st.lists(_STEPS, min_size=4, max_size=24))
def test_no_order_of_things_sends_what_it_must_not(session: Session, steps: list[tuple[Any, ...]]) -> None:
    inner = session.begin_nested()
    world = World(session)
    for name, *given_ in steps:
        getattr(world, name)(*given_)
        world.deliver("taken")
    inner.rollback()


def test_the_world_does_send(session: Session) -> None:
    """The one above would hold of a worker that sends nothing."""
    world = World(session)
    world.consent(0, "marketing", "email", True)
    for urgent, marketing in ((True, False), (False, False), (False, True)):
        world.queue(0, urgent, marketing)
    world.deliver("taken")
    assert world.left == 3, "19:00 in London: all may go"
    world.queue(1, False, False)
    world.queue(1, True, False)
    world.clock(60 * 3)
    world.deliver("killed")
    assert world.left == 4 + 1, "05:00 at Lord Howe was night for one of them, and now it is morning"
