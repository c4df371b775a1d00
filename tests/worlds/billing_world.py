"""A small utility to bill: customers, supply and readings, made with few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.actions.agreements import EndReason, start_agreement
from billing.actions.tariffs import import_tariff
from billing.invoices import number_gaps
from billing.queries.ledger import check_ledger
from billing.tables import Agreement
from meters.tables import Channel, Feed, ServicePoint
from utility_crm.customers.tables import Account, Customer
from utility_crm.network.tables import Premise

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
LONDON = "Europe/London"


def flat(code: str = "flat", price: str = "0.25", standing: str = "0.50", **more: Any) -> dict[str, Any]:
    """One price for all hours, a standing charge and VAT."""
    return {
        "format": "tariff/1",
        "code": code,
        "name": code.title(),
        "currency": "GBP",
        "timezone": LONDON,
        "versions": [flat_version("2024-01-01", price, standing)],
        **more,
    }


def flat_version(starts_on: str, price: str, standing: str = "0.50", vat: str = "5") -> dict[str, Any]:
    return {
        "starts_on": starts_on,
        "charges": [
            {
                "kind": "fixed",
                "code": "standing",
                "label": "Standing charge",
                "price": standing,
                "per": "day",
            },
            {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": price}]},
            {"kind": "tax", "code": "vat", "label": "VAT", "percent": vat},
        ],
    }


def two_rate(code: str = "night", day: str = "0.32", night: str = "0.12") -> dict[str, Any]:
    """Cheaper from midnight to seven, holidays as such, a charge by the month."""
    periods = [
        {"label": "Night", "price": night, "hours": ["00:00-07:00"]},
        {"label": "Day", "price": day, "otherwise": True},
    ]
    return {
        "format": "tariff/1",
        "code": code,
        "name": "Day & Night",
        "currency": "GBP",
        "timezone": LONDON,
        "holidays": {"country": "GB", "subdivision": "ENG"},
        "versions": [
            {
                "starts_on": "2024-01-01",
                "charges": [
                    {
                        "kind": "fixed",
                        "code": "standing",
                        "label": "Standing charge",
                        "price": "9.90",
                        "per": "month",
                    },
                    {"kind": "energy", "code": "energy", "periods": periods},
                    {"kind": "tax", "code": "vat", "label": "VAT", "percent": "5"},
                ],
            }
        ],
    }


@dataclass
class Supplied:
    """Ids of one account with supply."""

    customer_id: int
    account_id: int
    account: str
    service_point_id: int
    channel_id: int
    agreement_id: int


@dataclass
class World:
    """Makes rows in a session; every make counts up, so names never clash."""

    session: Session
    count: int = 0
    tariffs: dict[str, int] = field(default_factory=dict)

    def tariff(self, document: dict[str, Any]) -> int:
        made = import_tariff(self.session, document)
        self.tariffs[made.code] = made.id
        return made.id

    def account(self, cycle_day: int = 1, name: str = "Ada Example", **more: Any) -> tuple[int, int]:
        """(customer, account)."""
        self.count += 1
        customer = Customer(
            number=f"C{self.count}", kind="person", name=name, segment="household", since=date(2024, 1, 1)
        )
        self.session.add(customer)
        self.session.flush()
        account = Account(
            number=f"A{self.count:04d}",
            customer_id=customer.id,
            payer_id=customer.id,
            cycle_day=cycle_day,
            currency="GBP",
            opened_on=date(2024, 1, 1),
            **more,
        )
        self.session.add(account)
        self.session.flush()
        return customer.id, account.id

    def point(
        self, *, assigned: bool = True, timezone: str = LONDON, offset_minutes: int = 0
    ) -> tuple[int, int]:
        """(service point, its channel)."""
        self.count += 1
        premise_id = None
        if assigned:
            premise = Premise(code=f"P{self.count}", address=f"{self.count} Test Row", timezone=timezone)
            self.session.add(premise)
            self.session.flush()
            premise_id = premise.id
        point = ServicePoint(code=f"SP{self.count:04d}", premise_id=premise_id)
        self.session.add(point)
        self.session.flush()
        channel = Channel(
            service_point_id=point.id,
            name="E1",
            unit="kWh",
            direction="import",
            offset_minutes=offset_minutes,
        )
        self.session.add(channel)
        self.session.flush()
        return point.id, channel.id

    def supplied(
        self,
        tariff: str = "flat",
        cycle_day: int = 1,
        starts_on: date = date(2024, 1, 1),
        ends_before: date | None = None,
        reason: EndReason | None = None,
        **more: Any,
    ) -> Supplied:
        """A customer with an account, a service point with a channel, and an agreement."""
        customer_id, account_id = self.account(cycle_day, **more)
        point_id, channel_id = self.point()
        agreement = start_agreement(
            self.session, account_id, point_id, self.tariffs[tariff], starts_on, ends_before, reason
        )
        number = self.session.get_one(Account, account_id).number
        return Supplied(customer_id, account_id, number, point_id, channel_id, agreement.id)

    def agreement(self, account_id: int, point_id: int, tariff: str, starts_on: date) -> Agreement:
        return start_agreement(self.session, account_id, point_id, self.tariffs[tariff], starts_on)

    def feed(self, received_at: datetime) -> int:
        feed = Feed(name="test.csv", sha256=f"{received_at}", status="ok", received_at=received_at)
        self.session.add(feed)
        self.session.flush()
        return feed.id

    def read(
        self,
        channel_id: int,
        first: date,
        values: Sequence[Any],
        *,
        feed_id: int | None = None,
        quality: int = 1,
        slots: int = 48,
    ) -> None:
        """Blocks of whole days from `first`: a flat list of micro-kWh, None where missing. A day that is
        there is replaced, and what it held goes to the history."""
        days = [list(values[start : start + slots]) for start in range(0, len(values), slots)]
        last = first + timedelta(days=len(days))
        self.session.execute(
            text("select make_block_partitions(:first, :last)"), {"first": first, "last": last}
        )
        feed_id = feed_id or self.feed(NOW - timedelta(days=1000))
        rows = [
            {
                "channel": channel_id,
                "day": first + timedelta(days=number),
                "micro": day,
                "quality": quality,
                "feed": feed_id,
            }
            for number, day in enumerate(days)
        ]
        self.session.execute(
            text(
                "insert into block_history "
                "(channel_id, day, micro, quality, qualities, feed_id, replaced_by) "
                "select channel_id, day, micro, quality, qualities, feed_id, :feed from blocks "
                "where channel_id = :channel and day = :day"
            ),
            rows,
        )
        self.session.execute(
            text(
                "insert into blocks (channel_id, day, micro, quality, feed_id) "
                "values (:channel, :day, :micro, :quality, :feed) on conflict (channel_id, day) do update "
                "set micro = excluded.micro, quality = excluded.quality, qualities = null, "
                "feed_id = excluded.feed_id"
            ),
            rows,
        )

    def even(self, channel_id: int, first: date, days: int, micro_kwh: int = 200_000, **more: Any) -> None:
        self.read(channel_id, first, [micro_kwh] * (48 * days), **more)

    def random(self, channel_id: int, first: date, days: int, seed: int, **more: Any) -> list[int]:
        """Household-like half-hours from a seed."""
        rng = np.random.default_rng(seed)
        values = (rng.gamma(1.2, 180_000, size=48 * days)).astype(np.int64).tolist()
        self.read(channel_id, first, values, **more)
        return values

    def scalar(self, statement: str, **values: Any) -> Any:
        return self.session.scalar(text(statement), values)

    def point_code(self, point_id: int) -> str:
        return self.session.scalars(select(ServicePoint.code).where(ServicePoint.id == point_id)).one()


def check_books(session: Session) -> None:
    """After any step: the ledger balances, no number of a document is missing, and no day of an account is
    billed twice, or lost between two bills."""
    assert check_ledger(session).differences == ()
    assert number_gaps(session) == ()
    spans = session.execute(
        text(
            "select account_id, starts_on, "
            "lag(ends_before) over (partition by account_id order by starts_on) "
            "from bills where status = 'issued'"
        )
    )
    assert [row for row in spans if row[2] is not None and row[1] != row[2]] == []
