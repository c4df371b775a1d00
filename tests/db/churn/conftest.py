"""A small supplier made by hand: one area, two tariffs, and whoever a test moves in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.tables import Adjustment, Agreement, Bill, Payment, Tariff
from meters.tables import Channel, ServicePoint
from utility_crm.customers.tables import Account, Contact, Customer
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode, Premise

SINCE = date(2024, 1, 1)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def tariff_file(code: str, name: str, versions: list[tuple[str, list[dict[str, Any]]]]) -> dict[str, Any]:
    return {
        "format": "tariff/1",
        "code": code,
        "name": name,
        "currency": "GBP",
        "timezone": "Europe/London",
        "versions": [
            {"starts_on": starts_on, "charges": [{"kind": "energy", "code": "energy", "periods": periods}]}
            for starts_on, periods in versions
        ],
    }


FLAT = tariff_file(
    "steady",
    "Steady",
    [
        ("2023-01-01", [{"label": "All hours", "price": "0.20"}]),
        ("2026-10-01", [{"label": "All hours", "price": "0.22"}]),
    ],
)
TWO_RATE = tariff_file(
    "day_night",
    "Day & Night",
    [
        (
            "2023-01-01",
            [
                {"label": "Night", "price": "0.10", "hours": ["00:00-07:00"]},
                {"label": "Day", "price": "0.25", "otherwise": True},
            ],
        )
    ],
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with one account, one service point and its two channels."""

    customer: int
    account: int
    point: int
    imported: int
    exported: int
    agreement: int


@dataclass(slots=True)
class Supplier:
    """Moves people in and lets things happen to them."""

    session: Session
    area: int
    steady: int
    day_night: int
    count: int = 0

    def add(self, row: Any) -> int:
        self.session.add(row)
        self.session.flush()
        made = row.id
        assert isinstance(made, int)
        return made

    def moves_in(
        self,
        since: date = SINCE,
        segment: str = "household",
        tariff: int | None = None,
        payment_method: str = "transfer",
        ends_before: date | None = None,
        end_reason: str | None = None,
    ) -> Person:
        self.count += 1
        number = f"{self.count:05d}"
        customer = self.add(
            Customer(
                number=f"C{number}", kind="person", name=f"Person {number}", segment=segment, since=since
            )
        )
        account = self.add(
            Account(
                number=f"A{number}", customer_id=customer, payer_id=customer, cycle_day=1, currency="GBP",
                opened_on=since, payment_method=payment_method,
            )
        )  # fmt: skip
        premise = self.add(
            Premise(code=f"P{number}", address="1 Test Row", timezone="Europe/London", node_id=self.area)
        )
        point = self.add(ServicePoint(code=f"S{number}", premise_id=premise))
        channels = [
            self.add(Channel(service_point_id=point, name=name, unit="kWh", direction=way, offset_minutes=0))
            for name, way in (("E1", "import"), ("B1", "export"))
        ]
        agreement = self.agrees(account, point, tariff or self.steady, since, ends_before, end_reason)
        return Person(customer, account, point, channels[0], channels[1], agreement)

    def agrees(
        self,
        account: int,
        point: int,
        tariff: int,
        starts_on: date,
        ends_before: date | None = None,
        end_reason: str | None = None,
    ) -> int:
        return self.add(
            Agreement(
                account_id=account, service_point_id=point, tariff_id=tariff, starts_on=starts_on,
                ends_before=ends_before, end_reason=end_reason,
            )
        )  # fmt: skip

    def ends(self, person: Person, ends_before: date, reason: str) -> None:
        agreement = self.session.get_one(Agreement, person.agreement)
        agreement.ends_before, agreement.end_reason = ends_before, reason
        self.session.flush()

    def billed(
        self,
        person: Person,
        starts_on: date,
        ends_before: date,
        total_minor: int,
        estimated: int = 0,
        micro_kwh: int = 300_000_000,
    ) -> int:
        return self.add(
            Bill(
                number=f"B{person.account}-{starts_on}", account_id=person.account, starts_on=starts_on,
                ends_before=ends_before, issued_on=ends_before, due_on=ends_before + timedelta(days=14),
                currency="GBP", total_minor=total_minor, open_minor=max(total_minor, 0),
                micro_kwh=micro_kwh, estimated_readings=estimated,
            )
        )  # fmt: skip

    def paid(self, person: Person, day: date, amount_minor: int) -> None:
        self.count += 1
        self.add(
            Payment(
                account_id=person.account, received_at=at(day), amount_minor=amount_minor,
                open_minor=amount_minor, currency="GBP", method="transfer", reference=f"R{self.count}",
            )
        )  # fmt: skip

    def credited(
        self, person: Person, day: date, amount_minor: int, kind: str = "credit", bill: int | None = None
    ) -> None:
        """amount_minor: less to pay; negative is more, such as a fee."""
        self.count += 1
        self.add(
            Adjustment(
                account_id=person.account, kind=kind, amount_minor=-amount_minor, open_minor=-amount_minor,
                currency="GBP", posted_on=day, reference=f"J{self.count}", reason="a test", bill_id=bill,
            )
        )  # fmt: skip

    def says(self, person: Person, day: date, complaint: bool = False, answered: date | None = None) -> None:
        self.add(
            Contact(
                customer_id=person.customer, at=at(day), channel="call", topic="bill", complaint=complaint,
                answered_at=None if answered is None else at(answered),
            )
        )  # fmt: skip

    def reads(self, channel: int, first: date, days: int, micro: Sequence[int]) -> None:
        """The same day again and again."""
        self.session.execute(
            text("select make_block_partitions(:first, :last)"),
            {"first": first, "last": first + timedelta(days=days)},
        )
        self.session.execute(
            text("insert into blocks (channel_id, day, micro, quality, feed_id) values (:c, :d, :m, 1, 1)"),
            [{"c": channel, "d": first + timedelta(days=n), "m": list(micro)} for n in range(days)],
        )


@pytest.fixture
def plain_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An address of ours and a key, read anew before and after: what a test sets of them is its own."""
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.example")
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests, and long enough to be one")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def supplier(session: Session) -> Supplier:
    return supplied_by(session)


def supplied_by(session: Session) -> Supplier:
    """The same in a database of a test's own."""
    area = NetworkNode(code="AREA1", name="Moorside", kind="area")
    tariffs = [
        Tariff(code=file["code"], name=file["name"], currency="GBP", document=file)
        for file in (FLAT, TWO_RATE)
    ]
    session.add_all([area, *tariffs])
    session.flush()
    return Supplier(session, area.id, tariffs[0].id, tariffs[1].id)
