"""Fixed amounts and deposits on the customer page: shown before they begin, asked back, ended, kept."""

from __future__ import annotations

import pytest
from billing_world import NOW, Supplied
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.payments import take_payment
from billing.life.budgets import propose_budget
from billing.life.deposits import take_deposit
from billing.queries.bills import bills_of
from billing.queries.fixed import fixed_amounts
from tests.web.billing.test_customer_questions import words
from tests.web.conftest import MakeClient
from utility_crm.web.formats import money

from .test_agreements import confirm, owe, send

TERMS = {"starts_on": "2026-11-20", "settles_on": "2027-11-20"}


def fixed(client, billed: Supplied, **query: str) -> str:  # type: ignore[no-untyped-def]
    return words(client.get(f"/customers/{billed.customer_id}", params={"ask": "fixed", **query}).text)


def test_a_fixed_amount_is_proposed_from_their_bills_begun_and_ended(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client, account = make_client("agent"), billed.account
    amount, basis = propose_budget(session, billed.account_id, NOW.date())
    shown = fixed(client, billed)
    assert f"Yes: {money(amount, 'GBP')} on each monthly bill" in shown
    assert "Less than a year is known" in shown and money(basis, "GBP") in shown
    carried = basis - 3 * amount  # three bills: the last row is what they would have left
    assert money(abs(carried), "GBP") in shown
    told = {"account": account, "amount": f"{amount / 100:.2f}", **TERMS}
    assert send(make_client("marketer"), billed, "fixed/begin", **told) == 403
    assert send(client, billed, "fixed/begin", **told | {"settles_on": "2026-11-20"}) == 422
    assert send(client, billed, "fixed/begin", **told | {"starts_on": "2020-01-01"}) == 422
    assert confirm(client, billed, "fixed/begin", **told | {"amount": "1.00"}) == 303  # far off: asked about
    session.execute(text("delete from budget_plans"))
    assert send(client, billed, "fixed/begin", **told) == 303
    assert send(client, billed, "fixed/begin", **told) == 303  # sent twice, begun once
    (plan,) = fixed_amounts(session, [billed.account_id])
    assert (plan.amount_minor, plan.basis_minor, plan.carried_minor) == (amount, basis, 0)
    shown = fixed(client, billed)
    assert f"You pay {money(amount, 'GBP')} on each bill." in shown and "it settles on" not in shown
    assert f"Fixed amount of {money(amount, 'GBP')} a month from 20 Nov 2026" in shown  # the timeline
    assert "A fixed amount is agreed" in words(client.get(f"/accounts/{account}/statement").text)

    assert send(client, billed, "fixed/end", account=account, ends_before="2026-11-20") == 422
    assert confirm(client, billed, "fixed/end", account=account, ends_before="2027-01-01") == 303
    assert send(client, billed, "fixed/end", account=account, ends_before="2027-01-01") == 303
    shown = fixed(client, billed)
    ending = (
        f"The fixed amount of {money(amount, 'GBP')} ends: the first bill that reaches 1 Jan 2027 charges"
    )
    assert ending in shown and "You pay" not in shown
    assert "No fixed amount from 1 Jan 2027 on" in shown and "End the fixed amount" not in shown
    (plan,) = fixed_amounts(session, [billed.account_id])
    assert plan.ended_by == plan.made_by and plan.ended_at is not None


def test_what_cannot_be_begun_says_why(make_client: MakeClient, billed: Supplied, session: Session) -> None:
    client = make_client("agent")
    assert "The days cannot be so." in fixed(client, billed, starts_on="soon", settles_on="2027-11-20")
    other = {"starts_on": "2026-12-01", "settles_on": "2027-12-01"}
    assert "settled with the first bill that reaches 1 Dec 2027" in fixed(client, billed, **other)
    session.execute(text("update bills set status = 'cancelled'"))
    assert "Not yet: nothing was billed in the year before" in fixed(client, billed)
    told = {"account": billed.account, "amount": "50", **TERMS}
    assert send(client, billed, "fixed/begin", **told) == 409


def test_a_deposit_is_asked_for_kept_and_returned(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client, account = make_client("agent"), billed.account
    owed = session.scalars(text("select balance_minor from account_balances")).one()
    told = {"account": account, "reference": f"deposit-{account}-1", "amount": "150.00"}
    assert send(make_client("marketer"), billed, "deposits", **told) == 403
    assert send(client, billed, "deposits", **told | {"amount": "much"}) == 422
    assert send(client, billed, "deposits", **told | {"reference": "mine"}) == 409
    asked = client.post(f"/customers/{billed.customer_id}/deposits", data=told).text
    assert f"without interest: {money(owed + 15_000, 'GBP')} stays open" in words(asked)
    assert confirm(client, billed, "deposits", **told) == 303
    assert send(client, billed, "deposits", **told) == 303  # sent twice, asked for once
    assert session.scalars(text("select interest_ppm from deposits")).all() == [0]
    shown = words(owe(client, billed))
    assert "£150.00 not paid yet" in shown
    assert "£150.00 beside bills, a deposit or a fee, is due at once." in shown
    take_payment(
        session, billed.account_id, owed + 15_000, reference="all", received_at=NOW, posted_on=NOW.date()
    )
    shown = words(client.get(f"/accounts/{account}/statement").text)
    assert "A deposit of £150.00 is kept" in shown

    assert send(client, billed, "deposits/back", account="A9999") == 404
    assert confirm(client, billed, "deposits/back", account=account) == 303
    assert send(client, billed, "deposits/back", account=account) == 303  # sent twice, returned once
    assert session.scalars(text("select balance_minor from account_balances")).one() == -15_000
    shown = words(owe(client, billed))
    assert "Deposit returned" in shown and "Return the deposit" not in shown
    assert "A deposit of" not in words(client.get(f"/accounts/{account}/statement").text)


def test_interest_of_a_deposit_goes_back_with_it(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent")
    assert send(client, billed, "deposits/back", account=billed.account) == 409
    taken_on = bills_of(session, [billed.account_id])[-1].starts_on
    take_deposit(session, billed.account_id, 10_000, reference="d1", taken_on=taken_on, interest_ppm=50_000)
    owed = session.scalars(text("select balance_minor from account_balances")).one()
    take_payment(session, billed.account_id, owed, reference="all", received_at=NOW, posted_on=NOW.date())
    asked = client.post(f"/customers/{billed.customer_id}/deposits/back", data={"account": billed.account})
    days = (NOW.date() - taken_on).days
    interest = round(10_000 * 0.05 * days / 365)
    assert f"£100.00 and {money(interest, 'GBP')} of interest go back" in words(asked.text)
    assert f"goes from £0.00 to −{money(10_000 + interest, 'GBP')}" in words(asked.text)


@pytest.mark.parametrize("ask", ["fixed", "owe"])
def test_a_russian_agent_reads_of_fixed_amounts_and_deposits(
    make_client: MakeClient, billed: Supplied, ask: str
) -> None:
    client = make_client("agent", language="ru")
    shown = words(client.get(f"/customers/{billed.customer_id}", params={"ask": ask}).text)
    assert ("Показать предложение" if ask == "fixed" else "Запросить залог") in shown
