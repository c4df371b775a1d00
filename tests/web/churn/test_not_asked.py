"""Why a campaign does not ask one customer, on their own page."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from tests.db.churn.conftest import Person, Supplier, supplier
from tests.web.churn.test_campaigns import homes, members, own_secret
from tests.web.churn.test_leavers import words_of
from tests.web.conftest import MakeClient
from tests.worlds.campaign_world import NOW, TODAY, launched
from utility_crm.customers.tables import CustomerFlag

__all__ = ["homes", "own_secret", "supplier"]


def test_why_one_customer_was_not_asked_stands_on_their_page(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    complains, owes, cared, answered, refuses = homes[:5]
    supplier.says(complains, TODAY - timedelta(days=201), complaint=True)
    supplier.says(answered, TODAY - timedelta(days=9), complaint=True)
    supplier.billed(owes, date(2026, 9, 1), date(2026, 10, 1), 5000)
    session.add(
        CustomerFlag(customer_id=cared.customer, kind="medical", consented_at=NOW, review_on=date(2027, 1, 1))
    )
    record_consent(
        session,
        refuses.customer,
        "marketing",
        "email",
        granted=False,
        now=NOW - timedelta(days=1),
        proof="it",
    )
    session.flush()
    campaign_id = launched(session, supplier)
    session.execute(
        text("update contacts set answered_at = :now where customer_id = :one"),
        {"now": NOW + timedelta(hours=2), "one": answered.customer},
    )
    agent, marketer = make_client("agent"), make_client("marketer")

    def said(client: TestClient, customer: int) -> str:
        return words_of(client.get(f"/customers/{customer}").text)

    begun = "Not asked by a campaign Day & Night for winter left out on 20 Nov: "
    begun = begun.replace("&", "&amp;")
    assert f"{begun}complaint open since 3 May" in said(agent, complains.customer)
    assert f"{begun}complaint open since 11 Nov" in said(agent, answered.customer)  # as it stood at the draw
    assert f"{begun}bill late since 15 Oct" in said(marketer, owes.customer)
    assert f"{begun}they need particular care: care first" in said(agent, cared.customer)
    assert f"{begun}they withdrew their consent" in said(agent, refuses.customer)
    # what is noted of them no more, since they agree to it no more, is told by no campaign either
    session.execute(text("delete from customer_flags"))
    assert f"{begun}a complaint, a late bill or a need of particular care" in said(agent, cared.customer)

    alone, drawn = (members(session, campaign_id, arm)[0] for arm in ("control", "B"))
    assert "left alone by lot on 20 Nov" in said(marketer, alone.customer_id)
    assert "Not asked" not in said(agent, alone.customer_id)
    assert "Not asked" not in said(agent, drawn.customer_id)
    supplier.says(next(p for p in homes if p.customer == drawn.customer_id), TODAY, complaint=True)
    assert "kept back now: complaint open since 20 Nov" in said(agent, drawn.customer_id)
    drawn.not_sent = "over_budget"
    session.flush()
    assert "nothing was sent: the budget is spent" in said(agent, drawn.customer_id)
    assert "Not asked" not in said(make_client("ops"), complains.customer)


def test_whom_another_campaign_left_alone_is_not_said_to_be_asked_by_it(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    """Whoever is left alone in one counts as drawn for every other, and agents are not told that they are."""
    campaign_id = launched(session, supplier)
    alone, agent = members(session, campaign_id, "control")[0], make_client("agent")
    other = text("update campaign_members set arm = '', reason = :reason where id = :id")
    for reason, words in (
        ("another_offer", "another campaign of this kind, or with this tariff, has drawn them"),
        ("offered_lately", "they were drawn often enough lately"),
    ):
        session.execute(other, {"reason": reason, "id": alone.id})
        page = words_of(agent.get(f"/customers/{alone.customer_id}").text)
        assert f"left out on 20 Nov: {words}" in page


def test_a_letter_that_was_kept_back_is_not_put_down_to_what_came_later(
    make_client: MakeClient, session: Session, supplier: Supplier, homes: list[Person]
) -> None:
    campaign_id = launched(session, supplier)
    drawn = members(session, campaign_id, "B")[0]
    person = next(one for one in homes if one.customer == drawn.customer_id)
    agent = make_client("agent")

    def said() -> str:
        return words_of(agent.get(f"/customers/{person.customer}").text)

    supplier.says(person, TODAY, complaint=True)
    drawn.not_sent = "complaint"
    session.flush()
    session.execute(text("update contacts set answered_at = :now"), {"now": NOW + timedelta(days=1)})
    supplier.says(person, TODAY + timedelta(days=20), complaint=True)
    session.flush()
    assert "nothing was sent: a complaint is open: care first" in said()
    # their letter had gone out, and only the call was passed over
    drawn.sent_at = NOW
    session.flush()
    assert "nothing was sent" not in said() and "kept back now: complaint open since" in said()
