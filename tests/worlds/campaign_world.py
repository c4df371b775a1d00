"""A supplier whose customers agreed to offers, with what a year on Day & Night would have cost them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.tables import WhatIf, WhatIfResult
from churn.campaigns.audience import Audience
from churn.campaigns.drafting import Wanted, change_arm, draft_campaign
from churn.campaigns.first_words import first_words
from churn.campaigns.launching import launch
from churn.campaigns.tables import CampaignKey
from notifications.consents.recording import record_consent
from tests.db.churn.conftest import Person, Supplier
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.segments.domain.tree import And, Leaf
from utility_crm.segments.facts import keep_fact

HOUSEHOLD = Leaf("customer_kind", "any_of", ("household",))
ON_STEADY = Leaf("tariff", "any_of", ("steady",))
SAVES_TEN = Leaf("saving_on", "above", (Decimal(1000),), "day_night")
WHO = And((HOUSEHOLD, ON_STEADY, SAVES_TEN))
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def populate(session: Session, supplier: Supplier, count: int, *, saves_minor: int = 3420) -> list[Person]:
    """Households on Steady who agreed to e-mails with offers and would have saved."""
    _same_ids(session)
    session.add_all(
        CampaignKey(name=name, secret=f"a test's {name}") for name in ("house", "tariff", "retention")
    )
    people = [supplier.moves_in() for _ in range(count)]
    for place, one in enumerate(people):
        address = f"p{one.customer}@example.org"
        session.add(
            ContactPoint(
                customer_id=one.customer, kind="email", value=address, normal=address, preferred=True
            )
        )
        if place % 2:
            session.get_one(Customer, one.customer).language = "ru"
    session.flush()
    for one in people:
        record_consent(
            session,
            one.customer,
            "marketing",
            "email",
            granted=True,
            now=NOW - timedelta(days=9),
            proof="a form",
        )
    run = WhatIf(
        tariff_id=supplier.day_night, segment=None, offered_to=["household"], currency="GBP",
        on_day=TODAY - timedelta(days=1), due=count, done=count, started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    session.add(run)
    session.flush()
    session.add_all(
        WhatIfResult(
            what_if_id=run.id, account_id=one.account, customer_id=one.customer, segment="household",
            own_minor=90_000, other_minor=90_000 - saves_minor, low_minor=1000, coverage_ppm=996_000,
            verdict="switch",
        )
        for one in people
    )  # fmt: skip
    keep_fact(session, "saving_on", "day_night", {one.customer: saves_minor for one in people}, NOW)
    session.flush()
    return people


def _same_ids(session: Session) -> None:
    """Who is left alone goes by customers' ids, and those by how many were made before in the same database:
    a lot of its own for each run, and sometime one by which a test sees nothing."""
    for table in ("customers", "campaign_members"):
        first = session.scalar(text(f"select greatest(coalesce(max(id), 0), 100000) + 1 from {table}"))
        session.execute(text(f"alter table {table} alter column id restart with {first}"))


def wanted(supplier: Supplier, **changed: object) -> Wanted:
    """A tariff campaign of two months."""
    usual = Wanted(
        name="Day & Night for winter", offer="tariff", currency="GBP",
        audience=Audience(WHO),
        tariff_id=supplier.day_night, amount=None, control_percent=30, baseline_percent=2, starts_on=TODAY,
        ends_on=TODAY + timedelta(days=40), decides_on=TODAY + timedelta(days=60), budget_minor=50_000,
        costs={"email": 4, "sms": 6, "letter": 90, "call": 300, "accepted": 0},
    )  # fmt: skip
    return replace(usual, **changed)  # type: ignore[arg-type]


def drafted(session: Session, supplier: Supplier, **changed: object) -> int:
    """A draft with a letter and a letter with the agent's prompt; its id."""
    asked = wanted(supplier, **changed)
    campaign_id = draft_campaign(session, asked, now=NOW, by=None)
    change_arm(
        session, campaign_id, "B", name="Letter and agent", weight=1, ways=("notice", "prompt"),
        words=first_words(asked.offer), now=NOW, by=None,
    )  # fmt: skip
    return campaign_id


def launched(session: Session, supplier: Supplier, **changed: object) -> int:
    """A campaign that runs since NOW; its id."""
    campaign_id = drafted(session, supplier, **changed)
    launch(session, campaign_id, today=TODAY, now=NOW, by=None)
    return campaign_id


def nearly_over(session: Session, campaign_id: int) -> None:
    """As if it had begun long ago, so that nine tenths of its time are over."""
    session.execute(
        text("update campaigns set launched_at = :began where id = :id"),
        {"id": campaign_id, "began": NOW - timedelta(days=600)},
    )
