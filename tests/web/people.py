"""A few invented customers for the tests of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from utility_crm.customers.tables import (
    Account,
    Contact,
    ContactPoint,
    Customer,
    CustomerFlag,
    Occupancy,
)
from utility_crm.network.tables import NetworkNode, Premise


@dataclass(frozen=True)
class People:
    """Ids of those who were put in."""

    margaret: int
    bakery: int
    joseph: int
    complaint: int


def put_in(session: Session) -> People:
    """Margaret (medical flag, open complaint), a bakery whose bills Joseph pays, and Joseph."""
    area = NetworkNode(code="M", name="Moorside", kind="area")
    session.add(area)
    session.flush()
    feeder = NetworkNode(code="M3", name="Moorside 3", kind="feeder", parent_id=area.id)
    session.add(feeder)
    session.flush()
    transformer = NetworkNode(code="M3T7", name="Moorside 3/7", kind="transformer", parent_id=feeder.id)
    session.add(transformer)
    session.flush()
    margaret = Customer(
        number="C100001", kind="person", name="Margaret Ashdown", segment="household", language="en",
        since=date(2019, 3, 4), tags=["solar soon"],
    )  # fmt: skip
    bakery = Customer(
        number="C100002", kind="organisation", name="Thornbury Bakery Ltd", segment="small_business",
        language="en", since=date(2021, 1, 15),
    )  # fmt: skip
    joseph = Customer(
        number="C100003", kind="person", name="Joseph Okafor", segment="household", since=date(2020, 6, 1)
    )
    session.add_all([margaret, bakery, joseph])
    session.flush()
    premise = Premise(
        code="P1", node_id=transformer.id, address="14 Tannery Row", city="Kelder Bridge",
        postcode="KB4 2TN", timezone="Europe/London",
    )  # fmt: skip
    session.add(premise)
    session.flush()
    account = Account(
        number="4100227815", customer_id=margaret.id, payer_id=margaret.id, cycle_day=1, currency="GBP",
        payment_method="card", opened_on=date(2019, 3, 4),
    )  # fmt: skip
    paid = Account(
        number="4100227816", customer_id=bakery.id, payer_id=joseph.id, cycle_day=15, currency="GBP",
        opened_on=date(2021, 1, 15),
    )  # fmt: skip
    session.add_all([account, paid])
    session.flush()
    session.add(Occupancy(account_id=account.id, premise_id=premise.id, starts_on=date(2019, 3, 4)))
    session.add_all(
        [
            CustomerFlag(
                customer_id=margaret.id, kind="medical", detail="dialysis at home",
                consented_at=datetime(2026, 1, 9, tzinfo=UTC), review_on=date(2026, 12, 9),
            ),
            ContactPoint(
                customer_id=margaret.id, kind="phone", value="07700 900418", normal="+447700900418",
                preferred=True,
            ),
            ContactPoint(
                customer_id=margaret.id, kind="email", value="m.ashdown@mail.example",
                normal="m.ashdown@mail.example",
            ),
        ]
    )  # fmt: skip
    complaint = Contact(
        customer_id=margaret.id, at=datetime(2026, 11, 11, 16, 31, tzinfo=UTC), channel="call", topic="bill",
        complaint=True, note="September was estimated",
    )  # fmt: skip
    session.add(complaint)
    session.flush()
    return People(margaret.id, bakery.id, joseph.id, complaint.id)
