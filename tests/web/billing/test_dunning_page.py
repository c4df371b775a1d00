"""The room of dunning: the queue, the checklist, an order and its end; and the customer's own sheet."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from billing_world import NOW, Supplied, World
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.customer.around import timeline
from billing.dunning.acting import dun
from billing.dunning.customer import dunning_of
from billing.queries.late_fees import Jurisdiction
from tests.web.conftest import MakeClient

from .test_customer_forms import said_in, token_in
from .test_customer_questions import call_of

PATH = "/billing/dunning"
GB = Jurisdiction("GB")
TICKED = {f"confirm_{name}": "yes" for name in ("ability_to_pay", "prepayment", "occupants")}
REST = {**TICKED, "reason": "no answer to four letters"}


@pytest.fixture
def late(billed: Supplied, world: World, session: Session) -> Supplied:
    """Every step was posted, delivered and waited for; today is 20 November, so winter."""
    del world
    session.execute(
        text(
            "insert into contact_points (customer_id, kind, value, normal) "
            "values (:c, 'email', 'ada@mail.example', 'ada@mail.example')"
        ),
        {"c": billed.customer_id},
    )
    months = ((9, 25), (10, 9), (10, 23), (11, 6), (11, 18))
    for day in (date(2026, month, on) for month, on in months):
        now = datetime.combine(day, time(9), UTC)
        dun(session, day, GB, now)
        session.execute(
            text(
                "update outbox set state = 'sent', sent_at = :at, receipt = 'delivered', receipt_at = :at, "
                "created_at = :at where state = 'waiting'"
            ),
            {"at": now},
        )
    steps = session.scalars(text("select step from dunning_steps order by id")).all()
    assert list(steps) == ["reminder", "overdue", "final_warning", "suspension_notice", "hand_over"]
    return billed


def test_nobody_is_late(world: World, make_client: MakeClient) -> None:
    assert world.session is not None
    ops = make_client("ops")
    for ask in ("queue", "steps", "stopped", "restore", "rules"):
        page = ops.get(f"{PATH}?ask={ask}")
        assert page.status_code == 200 and "Dunning" in page.text
    assert "16 Texas Administrative Code, section 25.483" in ops.get(f"{PATH}?ask=rules").text
    assert "No account waits for a decision." in ops.get(PATH).text
    assert make_client("marketer").get(PATH).status_code == 403


def test_a_person_orders_after_the_checklist_and_ends_it(late: Supplied, make_client: MakeClient) -> None:
    ops = make_client("ops")
    assert "One account has heard everything" in ops.get(PATH).text
    page = ops.get(f"{PATH}?account={late.account}").text
    assert "no rule forbids it" in page and "They can afford" not in page
    assert "Instalments were offered at a rate they can afford" in page
    where = f"{PATH}/{late.account}/order"
    some = ops.post(where, data={"kind": "suspension", **REST, "confirm_occupants": ""})
    assert some.status_code == 403 or some.status_code == 409
    assert "Confirm every rule that only a person can know." in some.text
    asked = ops.post(where, data={"kind": "suspension", **REST})
    assert asked.status_code == 200 and "for a debt of" in asked.text
    done = ops.post(where, data={"kind": "suspension", **REST, "sure": token_in(asked.text)})
    assert done.status_code == 303
    assert "is ordered for account" in said_in(ops.get(done.headers["location"]).text)
    assert "Supply of one account is limited or suspended" in ops.get(f"{PATH}?ask=restore").text
    none = ops.post(f"{PATH}/{late.account}/end", data={"how": "restored", "reason": ""})
    assert none.status_code == 422 and "Say why." in none.text
    done = ops.post(f"{PATH}/{late.account}/end", data={"how": "restored", "reason": "paid at the desk"})
    assert done.status_code == 303
    assert "Supply is limited nowhere." in ops.get(f"{PATH}?ask=restore").text


def test_the_room_opens_where_somebody_is_and_billing_leads_to_it(
    billed: Supplied, world: World, session: Session, make_client: MakeClient
) -> None:
    del world
    ops = make_client("ops")
    assert 'href="/billing/dunning"' in ops.get("/billing").text
    assert "No account waits for a decision." in ops.get(PATH).text
    day = date(2026, 9, 25)
    dun(session, day, GB, datetime.combine(day, time(9), UTC))
    stuck = ops.get(PATH).text
    assert "nobody knows that the last notice arrived" in stuck and billed.account in stuck
    session.execute(text("update outbox set state = 'sent', sent_at = '2026-11-19', reason = null"))
    assert "reminder: 1." in ops.get(PATH).text, "nobody waits, so it tells who is at which step"
    assert "No account waits for a decision." in ops.get(f"{PATH}?ask=queue").text
    assert billed.account in ops.get(f"{PATH}?ask=nonsense").text


def test_a_rule_forbids_it(late: Supplied, session: Session, make_client: MakeClient) -> None:
    session.execute(
        text(
            "insert into customer_flags (customer_id, kind, consented_at, review_on) "
            "values (:c, 'vulnerable', now(), '2030-01-01')"
        ),
        {"c": late.customer_id},
    )
    ops = make_client("ops")
    page = ops.get(f"{PATH}?account={late.account}").text
    assert "a rule forbids it today" in page and "Order a suspension" not in page
    refused = ops.post(f"{PATH}/{late.account}/order", data={"kind": "suspension", **REST})
    assert refused.status_code in (403, 409) and "A rule forbids it" in refused.text
    assert session.scalar(text("select count(*) from dunning_steps where step = 'suspension'")) == 0


def test_a_step_whose_day_is_over_is_taken_today(
    billed: Supplied, world: World, session: Session, make_client: MakeClient
) -> None:
    """Nobody who reads "due today" is to see a day of last month beside it."""
    del world
    (standing,) = dunning_of(call_of(session, billed))
    assert (standing.coming, standing.reason, standing.due_on) == ("reminder", "due today", NOW.date())


def test_the_customer_page_says_where_they_stand(
    late: Supplied, session: Session, make_client: MakeClient
) -> None:
    page = make_client("agent").get(f"/customers/{late.customer_id}?ask=owe").text
    assert "What they hear next about what is late" in page and "handed to a person" in page
    titles = [entry.title for entry in timeline(call_of(session, late))]
    assert "Dunning: notice of suspension" in titles
