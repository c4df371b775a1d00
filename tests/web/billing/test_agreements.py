"""On the telephone: a plan shown before it is agreed, a promise, a dispute and its end."""

from __future__ import annotations

import re

from billing_world import NOW, Supplied
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.payments import take_payment
from billing.queries.bills import bills_of
from billing.queries.dunning import agreed_on
from tests.web.billing.test_customer_questions import words
from tests.web.conftest import MakeClient
from utility_crm.web.formats import money


def owe(client: TestClient, billed: Supplied, **more: str) -> str:
    return client.get(f"/customers/{billed.customer_id}", params={"ask": "owe", **more}).text


def send(client: TestClient, billed: Supplied, what: str, **told: str) -> int:
    return client.post(f"/customers/{billed.customer_id}/{what}", data=told).status_code


def confirm(client: TestClient, billed: Supplied, what: str, **told: str) -> int:
    """The status after the question was asked and answered."""
    asked = client.post(f"/customers/{billed.customer_id}/{what}", data=told)
    assert asked.status_code == 200, asked.text
    (token,) = re.findall(r'name="sure" value="(\w+)"', asked.text)
    return send(client, billed, what, **told, sure=token)


def test_a_plan_is_shown_before_it_is_agreed(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent")
    assert "They cannot pay it all now" in owe(client, billed)
    shown = owe(client, billed, parts="3", first_on="2026-12-01")
    for day in ("1 Dec 2026", "1 Jan 2027", "1 Feb 2027", "Agree on it"):
        assert day in shown
    assert session.scalar(text("select count(*) from payment_plans")) == 0
    assert "“99” is no number from 2 to 36." in owe(client, billed, parts="99", first_on="2026-12-01")
    told = {"account": billed.account, "count": "3", "first_on": "2026-12-01"}
    assert send(client, billed, "plans", **told) == 303
    assert send(client, billed, "plans", **told) == 409
    shown = owe(client, billed)
    assert "Plan of 3 instalments" in shown and "One thing is agreed and open" in shown
    assert "is late: ask when it will be paid" not in shown and "Monthly parts" not in shown
    (plan,) = session.scalars(text("select id from payment_plans"))
    assert send(client, billed, f"plans/{plan + 1}/cancel") == 404
    assert confirm(client, billed, f"plans/{plan}/cancel") == 303
    assert "ended by agreement" in owe(client, billed)


def test_a_promise_is_kept_on_the_page(make_client: MakeClient, billed: Supplied) -> None:
    client = make_client("agent")
    assert "is late: ask when it will be paid" in owe(client, billed)
    told = {"account": billed.account, "amount": "20,00", "due_on": "2026-11-27"}
    assert send(client, billed, "promises", **told) == 303
    shown = owe(client, billed)
    assert "Promise to pay by 27 Nov" in shown and "£20.00" in shown
    assert "They promise, in GBP" not in shown
    assert ">£20.00</a>: it is agreed, disputed or being collected." in shown
    for wrong in ({"amount": "much"}, {"due_on": "soon"}, {"due_on": "2026-11-19"}):
        assert send(client, billed, "promises", **told | wrong) == 422
    assert send(client, billed, "promises", **told | {"amount": "21"}) == 409  # one is open
    assert send(client, billed, "promises", **told | {"account": "A9999"}) == 404
    assert send(make_client("marketer"), billed, "promises", **told) == 403


def test_a_dispute_won_is_credited(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    october = bills_of(session, [billed.account_id])[0]
    client = make_client("agent")
    told = {"bill": october.number, "amount": "5.00", "reason": "the freezer was off"}
    assert send(client, billed, "disputes", **told) == 303
    assert send(client, billed, "disputes", **told | {"bill": "2000-01-000001"}) == 404
    shown = owe(client, billed)
    assert "the freezer was off" in shown and f"They dispute £5.00 of bill {october.number}" in shown
    (dispute,) = session.scalars(text("select id from disputes"))
    assert send(client, billed, f"disputes/{dispute + 1}/close", won="1") == 404
    assert confirm(client, billed, f"disputes/{dispute}/close", won="1") == 303
    shown = owe(client, billed)
    assert "credited" in shown and "−£5.00" in shown
    assert "dispute won: the freezer was off" in shown
    assert "−£5.00" in client.get(f"/accounts/{billed.account}/statement").text


def test_what_is_held_is_given_back(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    client = make_client("agent")
    assert "Give it back" not in owe(client, billed)
    owed = session.scalar(text("select balance_minor from account_balances"))
    assert isinstance(owed, int)
    take_payment(
        session, billed.account_id, owed + 1500, reference="p1", received_at=NOW, posted_on=NOW.date()
    )
    shown = owe(client, billed)
    assert "Give back, of £15.00" in shown and "You owe nothing; we hold <a" in shown
    assert ">£15.00</a> for you.”" in shown
    told = {"account": billed.account, "reference": "back-1"}
    assert send(client, billed, "refunds", **told, amount="15.01") == 409
    assert confirm(client, billed, "refunds", **told, amount="15") == 303
    assert session.scalar(text("select balance_minor from account_balances")) == 0


def test_a_russian_agent_reads_of_agreements(make_client: MakeClient, billed: Supplied) -> None:
    client = make_client("agent", language="ru")
    send(client, billed, "promises", account=billed.account, amount="20", due_on="2026-11-27")
    shown = owe(client, billed)
    assert "1 договорённость действует" in shown and "Обещание заплатить до 27 нояб" in shown


def test_what_is_not_late_is_said_with_its_day_and_a_dispute_stands_in_its_bills_row(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    october, september = bills_of(session, [billed.account_id])[:2]
    client = make_client("agent")
    move = text("update bills set due_on = :day where id = :bill")
    session.execute(move, {"day": NOW.date(), "bill": october.id})
    session.commit()
    shown = owe(client, billed)
    if september.open_minor > 0:
        assert f"The other {money(october.open_minor, 'GBP')} is due today." in shown
    else:
        assert "It is due today." in shown
    take_payment(
        session, billed.account_id, october.open_minor + max(0, september.open_minor), reference="all",
        received_at=NOW, posted_on=NOW.date(),
    )  # fmt: skip
    session.commit()
    told = {"bill": october.number, "amount": "5.00", "reason": "the freezer was off"}
    assert send(client, billed, "disputes", **told) == 303
    assert "£5.00 of it disputed, to be decided" in owe(client, billed)


def test_what_a_payment_finishes_is_finished_at_once(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent")
    promised = {"account": billed.account, "amount": "20.00", "due_on": "2026-11-27"}
    assert send(client, billed, "promises", **promised) == 303
    told = {"account": billed.account, "count": "3", "first_on": "2026-12-01"}
    assert send(client, billed, "plans", **told) == 303
    owed = session.scalars(text("select balance_minor from account_balances")).one()
    paid = {"account": billed.account, "amount": f"{owed / 100:.2f}", "reference": "all", "method": "card"}
    assert send(client, billed, "payments", **paid) == 303
    assert session.scalars(text("select state from promises")).all() == ["kept"]
    assert session.scalars(text("select state from payment_plans")).all() == ["kept"]
    assert "A plan runs" not in owe(client, billed)


def test_what_a_bank_has_brought_is_shown_as_kept_before_the_clock_judges(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent")
    told = {"account": billed.account, "amount": "20.00", "due_on": "2026-11-27"}
    assert send(client, billed, "promises", **told) == 303
    take_payment(
        session, billed.account_id, 2000, reference="bank", received_at=NOW, posted_on=NOW.date()
    )  # fmt: skip
    (one,) = agreed_on(session, [billed.account_id]).promises
    assert one.state == "kept"
    assert send(client, billed, "promises", **told | {"amount": "5.00"}) == 303


def test_a_promise_is_taken_back_with_its_reason_and_another_made(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent")
    told = {"account": billed.account, "amount": "20.00", "due_on": "2026-11-27"}
    assert send(client, billed, "promises", **told) == 303
    (promise,) = session.scalars(text("select id from promises"))
    assert send(client, billed, f"promises/{promise}/back", because=" ") == 422
    assert send(client, billed, f"promises/{promise + 1}/back", because="no") == 404
    assert confirm(client, billed, f"promises/{promise}/back", because="they are paid later") == 303
    shown = owe(client, billed)
    assert "taken back</span>" in shown and "they are paid later<span" in shown
    assert "Promise of £20.00 by 27 Nov 2026 taken back" in words(shown)  # the timeline
    assert send(client, billed, "promises", **told | {"amount": "21.00"}) == 303
    assert session.scalars(text("select amount_minor from promises where state = 'open'")).all() == [2100]


def test_what_a_plan_runs_over_is_not_said_to_be_due_as_billed(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    october = bills_of(session, [billed.account_id])[0]
    client = make_client("agent")
    session.execute(
        text("update bills set due_on = :day where id = :bill"), {"day": NOW.date(), "bill": october.id}
    )
    session.commit()
    assert "is due today." in owe(client, billed)
    told = {"account": billed.account, "count": "3", "first_on": "2026-12-01"}
    assert send(client, billed, "plans", **told) == 303
    total, first = session.execute(
        text("select p.total_minor, i.amount_minor from payment_plans p join plan_instalments i "
             "on i.plan_id = p.id where i.position = 1")
    ).one()  # fmt: skip
    shown = owe(client, billed)
    assert "is due today." not in shown
    assert (
        f"It is agreed to be paid in parts: the next, {money(first, 'GBP')}, is due on Tuesday 1 December."
        in shown
    )
    assert session.scalar(text("select balance_minor from account_balances")) == total
