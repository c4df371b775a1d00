"""A small town: an area with two feeders, and people who live on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from notifications.outbox.new_notice import NewNotice
from notifications.tables import OutboxNotice
from notifications.types.payment_reminder import payment_reminder
from utility_crm.customers.tables import Account, ContactPoint, Customer, CustomerFlag, Occupancy
from utility_crm.network.tables import NetworkNode, Premise


def reminder(account: Any, bill: str = "F-1", **changes: Any) -> NewNotice:
    """A reminder to an account's payer, changed at will."""
    made = payment_reminder(
        customer_id=account.payer_id,
        account_id=account.id,
        account=account.number,
        bill=bill,
        amount_minor=4512,
        currency="GBP",
        due_on=date(2026, 11, 6),
    )
    return replace(made, **changes)


@dataclass
class Town:
    """Builds people; ids of its places are attributes."""

    session: Session
    area: int = 0
    west: int = 0
    east: int = 0
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        area = self._node("A", "area", None)
        self.area, self.west = area, self._node("A-W", "feeder", area)
        self.east = self._node("A-E", "feeder", area)

    def _node(self, code: str, kind: str, parent: int | None) -> int:
        node = NetworkNode(code=code, name=f"Place {code}", kind=kind, parent_id=parent)
        self.session.add(node)
        self.session.flush()
        return node.id

    def person(
        self,
        node: int | None = None,
        *,
        mail: str | None = "",
        language: str = "en",
        zone: str = "Europe/London",
        flags: tuple[str, ...] = (),
        since: date = date(2025, 1, 1),
        until: date | None = None,
    ) -> Account:
        """An account whose holder lives below `node`; `mail` None has no address."""
        number = next(self._numbers)
        who = Customer(
            number=f"C{number:04}",
            kind="person",
            name=f"Person {number}",
            segment="household",
            language=language,
            since=since,
        )
        premise = Premise(
            code=f"P{number:04}", node_id=node or self.west, address=f"{number} Mill Lane", timezone=zone
        )
        self.session.add_all([who, premise])
        self.session.flush()
        account = Account(
            number=f"A{number:04}",
            customer_id=who.id,
            payer_id=who.id,
            cycle_day=1,
            currency="GBP",
            opened_on=since,
        )
        self.session.add(account)
        self.session.flush()
        self.session.add(
            Occupancy(account_id=account.id, premise_id=premise.id, starts_on=since, ends_before=until)
        )
        if mail is not None:
            address = mail or f"person{number}@example.org"
            self.session.add(ContactPoint(customer_id=who.id, kind="email", value=address, normal=address))
        for flag in flags:
            self.session.add(
                CustomerFlag(
                    customer_id=who.id,
                    kind=flag,
                    consented_at=datetime(2026, 1, 1, tzinfo=UTC),
                    review_on=date(2027, 1, 1),
                )
            )
        self.session.flush()
        return account

    def rows(self) -> list[OutboxNotice]:
        """The outbox as it is in the database, oldest first."""
        self.session.expire_all()
        return self.session.query(OutboxNotice).order_by(OutboxNotice.id).all()


@pytest.fixture
def town(session: Session) -> Town:
    return Town(session)


@pytest.fixture
def make_town() -> Callable[[Session], Town]:
    """For tests that commit."""
    return Town
