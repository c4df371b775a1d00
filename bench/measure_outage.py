"""An outage for 20,000 customers through a gateway that answers at once, while a campaign of 20,000 ordinary
notices is being delivered: from the event to the first message handed over, and to the last.

Two delivery processes run, as an installation may have. What counts is when the gateway took the messages'
outcomes down (`outbox.sent_at`), against when the event was kept. CUSTOMERS in the environment makes it
smaller.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, text

from bench.databases import migrated_database
from bench.measure_notices import Hours, _gateway, surroundings, workers
from bench.measurement import Measurement
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work

CUSTOMERS = int(os.environ.get("CUSTOMERS", "20000"))
FIRST_SECONDS, LAST_SECONDS, LONGEST_SECONDS = 2.0, 60.0, 600
PROCESSES, AT_ONCE, CAMPAIGN_BEFORE = 2, 5_000, 500

_PEOPLE = text("""
    with area as (
        insert into network_nodes (code, name, kind) values ('A', 'Area', 'area') returning id
    ), feeders as (
        insert into network_nodes (code, name, kind, parent_id)
        select 'F' || n, 'Feeder ' || n, 'feeder', area.id from area, generate_series(0, 39) as n
        returning id, code
    ), people as (
        insert into customers (number, kind, name, segment, since)
        select 'C' || n, 'person', 'Person ' || n, 'household', '2025-01-01'
        from generate_series(1, :people) as n
        returning id, number
    ), phone as (
        insert into contact_points (customer_id, kind, value, normal)
        select id, 'phone', phone, phone
        from people, lateral (select '+4477' || lpad(substr(number, 2), 8, '0') as phone) as made
    ), care as (
        insert into customer_flags (customer_id, kind, consented_at, review_on)
        select id, 'medical', now(), '2030-01-01' from people where substr(number, 2)::int % 100 = 7
    ), own as (
        insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
        select 'A' || substr(number, 2), id, id, 1, 'GBP', '2025-01-01' from people returning id, number
    ), homes as (
        insert into premises (code, address, timezone, node_id)
        select 'P' || n, n || ' Mill Lane', :day, feeders.id
        from generate_series(1, :people) as n join feeders on feeders.code = 'F' || n % 40
        returning id, code
    )
    insert into occupancies (account_id, premise_id, starts_on)
    select own.id, homes.id, '2025-01-01' from own join homes on substr(own.number, 2) = substr(homes.code, 2)
""")
_FIGURES = text("""
    select count(*) filter (where notice = 'unplanned_outage' and state = 'sent') as told,
           min(sent_at) filter (where notice = 'unplanned_outage') as first,
           max(sent_at) filter (where notice = 'unplanned_outage') as last,
           count(*) filter (where notice <> 'unplanned_outage' and state = 'sent') as campaign,
           count(*) filter (where notice <> 'unplanned_outage') as of_campaign,
           (select count(*) from call_tasks) as calls
    from outbox
""")
# By the index on `about`, so that looking on costs those who work little.
_TOLD = text("select count(*) from outbox where about = :about and state = 'sent'")
_CAMPAIGN_SENT = text("select count(*) from outbox where notice <> 'unplanned_outage' and state = 'sent'")


@dataclass(frozen=True, slots=True)
class Storm:
    """Seconds from the event to the first and the last message; the campaign's before and after it."""

    keeping: float
    first: float
    last: float
    campaign_before: int
    campaign_after: int
    of_campaign: int
    calls: int


def measurements() -> Iterator[Measurement]:
    """Seconds to the first and to the last of them, and how much of the campaign they overtook."""
    load_tables()
    with (
        migrated_database() as engine,
        _gateway("--instant") as address,
        surroundings(MAIL_TO="smtp", GATEWAY_URL=address, GATEWAY_SECRET="measured"),
    ):
        area = _queue_campaign(engine)
        url = engine.url.render_as_string(hide_password=False)
        with workers(url) as (start, _alive):
            for _ in range(PROCESSES):
                start()
            storm = _storm(engine, area)
    print(f"  {storm}", file=sys.stderr, flush=True)
    words = f"outage for {CUSTOMERS} customers during a campaign:"
    yield Measurement(f"{words} event to first message, s", storm.first, 1, "lower", FIRST_SECONDS)
    yield Measurement(f"{words} event to last message, s", storm.last, 1, "lower", LAST_SECONDS)
    overtaken = storm.of_campaign - storm.campaign_after
    yield Measurement(f"{words} ordinary notices overtaken", overtaken, storm.of_campaign, "higher", 0.1)


def _queue_campaign(engine: Engine) -> int:
    with engine.begin() as connection:
        connection.execute(_PEOPLE, {"people": CUSTOMERS, "day": Hours.now().day})
        connection.execute(text("analyze"))
        accounts = connection.execute(text("select id, number, payer_id from accounts order by id")).all()
        area = int(connection.scalar(text("select id from network_nodes where code = 'A'")) or 0)
    asked = [
        payment_reminder(
            customer_id=one.payer_id, account_id=one.id, account=one.number, bill=f"F-{one.number}",
            amount_minor=1000, currency="GBP", due_on=date(2026, 11, 6),
        )
        for one in accounts
    ]  # fmt: skip
    for begin in range(0, len(asked), AT_ONCE):
        with unit_of_work(engine) as session:
            queue_all(session, asked[begin : begin + AT_ONCE], datetime.now(UTC))
    return area


def _storm(engine: Engine, area: int) -> Storm:
    until = time.monotonic() + LONGEST_SECONDS
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while (before := int(connection.scalar(_CAMPAIGN_SENT) or 0)) < min(CAMPAIGN_BEFORE, CUSTOMERS // 4):
            assert time.monotonic() < until, "the campaign does not begin"
            time.sleep(0.1)
        began, clock = datetime.now(UTC), time.monotonic()
        with unit_of_work(engine) as session:
            opening = Opening(area, began - timedelta(minutes=3), reason="a storm")
            outage = open_incident(session, opening, By(), began)
        kept, keeping = datetime.now(UTC), time.monotonic() - clock
        while (told := connection.scalar(_TOLD, {"about": f"outage:{outage}"}) or 0) < CUSTOMERS:
            assert time.monotonic() < until, f"{told} were told"
            time.sleep(0.5)
        found = connection.execute(_FIGURES).one()
    return Storm(
        keeping=keeping,
        first=(found.first - kept).total_seconds(),
        last=(found.last - kept).total_seconds(),
        campaign_before=before,
        campaign_after=found.campaign,
        of_campaign=found.of_campaign,
        calls=found.calls,
    )
