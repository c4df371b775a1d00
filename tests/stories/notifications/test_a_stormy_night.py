"""A night of storm: the wrong area, a wrong time, an update, the supply back; and a campaign that waits."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outages import incidents
from notifications.outages.calls import calls, follow_calls
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outages.reached import notices, older_than, standing
from notifications.outbox.claims import Terms, claim
from notifications.outbox.queueing import queue_all
from notifications.outbox.settling import Tried, settle
from notifications.types.payment_reminder import payment_reminder

EVENING = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BY = By()
# East has Ann, who depends on the supply, and Bob; West has Cid, Dot, and Eve, who asked us not to write.
TOWN = text("""
    with area as (
        insert into network_nodes (code, name, kind) values ('A', 'Area', 'area') returning id
    ), feeders as (
        insert into network_nodes (code, name, kind, parent_id)
        select side, side, 'feeder', area.id from area, unnest(array['East', 'West']) as side
        returning id, code
    ), named (name, side) as (
        values ('Ann', 'East'), ('Bob', 'East'), ('Cid', 'West'), ('Dot', 'West'), ('Eve', 'West')
    ), people as (
        insert into customers (number, kind, name, segment, since)
        select 'N' || name, 'person', name, 'household', '2025-01-01' from named returning id, name
    ), mails as (
        insert into contact_points (customer_id, kind, value, normal)
        select id, 'email', lower(name) || '@mail.example', lower(name) || '@mail.example' from people
    ), care as (
        insert into customer_flags (customer_id, kind, consented_at, review_on)
        select id, 'medical', '2026-01-01', '2099-01-01' from people where name = 'Ann'
    ), word as (
        insert into consents (customer_id, purpose, channel, granted, at, proof)
        select id, 'service', channel, false, '2026-01-01', 'said so'
        from people, unnest(array['email', 'sms', 'messenger', 'push', 'letter']) as channel
        where name = 'Eve'
    ), own as (
        insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
        select 'N' || name, id, id, 1, 'GBP', '2025-01-01' from people returning id, number
    ), homes as (
        insert into premises (code, address, timezone, node_id)
        select 'N' || named.name, '1 Mill Lane', 'Europe/London', feeders.id
        from named join feeders on feeders.code = named.side returning id, code
    )
    insert into occupancies (account_id, premise_id, starts_on)
    select own.id, homes.id, '2025-01-01' from own join homes on homes.code = own.number
""")
NAMES = {"unplanned_outage": "off", "outage_time_changed": "time", "outage_restored": "back"}
NAMES |= {"outage_apology": "sorry", "payment_reminder": "campaign"}


class Night:
    """The lane and the workers, with the hands of a clock; `heard`: what came to whom, and when."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, EVENING
        session.execute(TOWN)
        self.node = {row.name: row.id for row in session.execute(text("select id, name from network_nodes"))}
        self.customer = {row.name: row.id for row in session.execute(text("select id, name from customers"))}
        self.heard: dict[str, list[tuple[str, str]]] = defaultdict(list)

    def campaign(self) -> None:
        accounts = self.session.execute(text("select id, number, payer_id from accounts")).all()
        asked = [
            payment_reminder(
                customer_id=one.payer_id, account_id=one.id, account=one.number, bill=f"F-{one.number}",
                amount_minor=100, currency="GBP", due_on=date(2026, 11, 6),
            )
            for one in accounts
        ]  # fmt: skip
        queue_all(self.session, asked, self.now)

    def goes_on(self, minutes: int = 1) -> None:
        """What waits to be told is queued, then what may go out now is handed over, over and over."""
        tellings = text("select event_id, outage_id from outage_tellings where ended_at is null order by 1")
        for event, outage in self.session.execute(tellings).all():
            for _twice in range(2):  # as after a crash: the keys are the event's
                found = standing(self.session, outage, self.now)
                older_than(self.session, found.about, event, self.now)
                follow_calls(self.session, found, self.now)
                queue_all(self.session, notices(found, event, self.now), self.now)
            self.session.execute(
                text("update outage_tellings set ended_at = :now where event_id = :event"),
                {"now": self.now, "event": event},
            )
        self.now += timedelta(minutes=minutes)
        while True:
            looked_at, held = claim(self.session, self.now, Terms(batch=3), "care@utility.example")
            if not looked_at:
                break
            settle(self.session, [Tried(one, "taken", self.now, "said") for one in held], self.now)
            for one in held:
                self.heard[one.name].append((NAMES[one.notice], f"{self.now:%H:%M}"))


@pytest.fixture
def night(session: Session) -> Night:
    return Night(session)


def test_each_hears_what_is_so_once_and_the_campaign_waits_for_the_morning(night: Night) -> None:
    session = night.session
    night.campaign()
    night.goes_on()
    assert night.heard == {}, "nobody is reminded of a bill at night"

    outage = open_incident(
        session,
        Opening(night.node["East"], EVENING - timedelta(minutes=5), estimated_at=MORNING),
        BY,
        night.now,
    )
    night.goes_on()
    assert night.heard == {"Ann": [("off", "23:32")], "Bob": [("off", "23:32")]}
    assert [one.customer for one in calls(session, waiting=True)] == ["Ann"]

    night.now = EVENING + timedelta(
        minutes=10
    )  # it is in the West: Dot calls, Eve calls, nobody had told them
    for name in ("Dot", "Eve"):
        session.execute(
            text(
                "insert into contacts (customer_id, at, channel, topic, note) "
                "values (:customer, :at, 'call', 'outage', 'it is dark')"
            ),
            {"customer": night.customer[name], "at": night.now},
        )
    incidents.correct_area(session, outage, night.node["West"], BY, night.now)
    night.goes_on()
    assert night.heard["Cid"] == [("off", "23:41")] and night.heard["Dot"] == [("off", "23:41")]
    assert night.heard["Ann"][1:] == [("sorry", "23:41")], "who depends on it may sleep again"
    assert night.heard["Bob"][1:] == [], "an apology wakes nobody"
    assert calls(session, waiting=True) == []

    night.now = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    incidents.estimate(session, outage, MORNING + timedelta(hours=1), BY, night.now)
    night.goes_on()
    night.goes_on()
    night.now = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    incidents.restore(session, outage, night.now, BY, night.now)
    night.goes_on()
    assert night.heard["Cid"] == night.heard["Dot"] == [("off", "23:41"), ("time", "00:31")]
    assert "Eve" not in night.heard

    night.now = MORNING
    night.goes_on()
    night.goes_on(60)
    story = {name: [what for what, _ in said] for name, said in night.heard.items()}
    assert story == {
        "Ann": ["off", "sorry", "campaign"],
        "Bob": ["off", "sorry", "campaign"],
        "Cid": ["off", "time", "back", "campaign"],
        "Dot": ["off", "time", "back", "campaign"],
    }
    assert all(when >= "08:00" for said in night.heard.values() for what, when in said if what == "campaign")
    left = text("select count(*) from outbox where state in ('waiting', 'sending')")
    assert session.scalar(left) == 0
    withheld = text("select distinct customers.name from outbox join customers on customers.id = customer_id "
                    "where state = 'withheld' and reason = 'consent_withdrawn'")  # fmt: skip
    assert session.scalars(withheld).all() == ["Eve"]
