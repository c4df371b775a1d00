"""A small care desk: two agents, a team, two customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import NOW
from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.customers.tables import Account, Customer
from utility_crm.tickets.actions import open_ticket


@dataclass
class Care:
    """Ids, and a clock that the test moves."""

    session: Session
    priya: int
    omar: int
    team: int
    margaret: int
    account: int
    bakery: int
    now: datetime

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def open(self, **given: object) -> int:
        """A mail of Margaret's, but for what is given."""
        known: dict[str, object] = {
            "kind": "billing", "subject": "My bill", "text": "Why is it so high?", "channel": "email",
            "customer_id": self.margaret, "sender": "margaret@post.example", "now": self.now,
        }  # fmt: skip
        return open_ticket(self.session, **(known | given))  # type: ignore[arg-type]


def put_in(session: Session) -> Care:
    people = [
        User(login=login, name=name, role="agent", password_hash="nobody's")
        for login, name in (("priya", "Priya Nair"), ("omar", "Omar Haddad"))
    ]
    customers = [
        Customer(number=number, kind="person", name=name, segment="household", since=date(2019, 3, 4))
        for number, name in (("C1", "Margaret Ashdown"), ("C2", "Thornbury Bakery"))
    ]
    team = Team(name="Bills")
    session.add_all([*people, *customers, team])
    session.flush()
    account = Account(
        number="A1", customer_id=customers[0].id, payer_id=customers[0].id, cycle_day=1, currency="GBP",
        opened_on=date(2019, 3, 4),
    )  # fmt: skip
    session.add_all([account, TeamMember(team_id=team.id, user_id=people[0].id)])
    session.flush()
    margaret, bakery = customers
    priya, omar = people
    return Care(session, priya.id, omar.id, team.id, margaret.id, account.id, bakery.id, NOW)


@pytest.fixture
def care(session: Session) -> Care:
    return put_in(session)
