"""Forms of the customer page: refused with all that was typed, asked back about, done once and said so."""

from __future__ import annotations

import re

import pytest
from billing_world import NOW, Supplied
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.payments import take_payment
from billing.queries.bills import bills_of
from tests.web.conftest import MakeClient


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent")


class Telephone:
    """What an agent sends from the page of one customer, and what comes back."""

    def __init__(self, client: TestClient, billed: Supplied) -> None:
        self.client, self.billed = client, billed
        self.path = f"/customers/{billed.customer_id}"

    def send(self, what: str, **told: str) -> tuple[int, str]:
        """Status and page; after a form that was taken, the page that follows."""
        answer = self.client.post(f"{self.path}/{what}", data={"account": self.billed.account, **told})
        if answer.status_code == 303:
            return 303, self.client.get(answer.headers["location"]).text
        return answer.status_code, answer.text

    def confirmed(self, what: str, page: str, **told: str) -> tuple[int, str]:
        """The same, with the button of the question pressed."""
        return self.send(what, **told, sure=token_in(page))


@pytest.fixture
def call(agent: TestClient, billed: Supplied) -> Telephone:
    return Telephone(agent, billed)


def token_in(page: str) -> str:
    (found,) = re.findall(r'name="sure" value="(\w+)"', page)
    return str(found)


def form_in(page: str, name: str) -> str:
    return page[page.index(f'id="form-{name}"') : page.index("</form>", page.index(f'id="form-{name}"'))]


def said_in(page: str) -> str:
    """The line below the strip, without its marks."""
    shown = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)  # what may be needed later
    found = re.search(r'<div class="notice[^>]*role="(?:alert|status)"[^>]*>(.*?)</div>', shown)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


def owed(session: Session) -> int:
    found = session.scalar(text("select balance_minor from account_balances"))
    assert isinstance(found, int)
    return found


def pounds(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def test_a_refused_payment_comes_back_as_it_was_typed(call: Telephone, session: Session) -> None:
    status, page = call.send("payments", amount="ten", reference="", method="cash")
    form = form_in(page, "payment")
    assert status == 422 and session.scalar(text("select count(*) from payments")) == 0
    assert 'value="ten"' in form and '<option value="cash" selected>' in form
    assert re.search(
        r'id="f-payment-amount"[^>]*aria-describedby="f-payment-amount-d" aria-invalid="true" autofocus', form
    )
    assert re.search(r'id="f-payment-amount-d"><span class="st bad">“ten” is no amount', form)
    assert re.search(r'id="f-payment-reference"[^>]*aria-invalid="true"', form)
    assert "A payment needs a reference: it is booked once by it." in form
    assert page.count("autofocus") == 1
    assert said_in(page).startswith("Not done“ten” is no amount such as 43.17")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert 'aria-invalid="true"' not in form_in(page, "act-contact") and "You owe" in page


def test_a_payment_says_what_was_taken_and_what_stays_open(call: Telephone, session: Session) -> None:
    before = owed(session)
    told = {"amount": "20", "reference": "card-1", "method": "card"}
    status, page = call.send("payments", **told)
    assert status == 303
    assert said_in(page) == f"DonePayment of £20.00 taken; £{pounds(before - 2000)} stays open."
    assert said_in(call.client.get(f"{call.path}?ask=owe").text) == ""  # it is said once
    status, page = call.send("payments", **told)
    assert "nothing was booked twice" in said_in(page) and owed(session) == before - 2000
    status, page = call.send("payments", amount=pounds(before - 2000), reference="card-2", method="card")
    assert said_in(page).endswith("taken; nothing is open now.")


def test_a_payment_far_beyond_what_is_owed_is_asked_about_first(call: Telephone, session: Session) -> None:
    before = owed(session)
    told = {"amount": "9000", "reference": "card-1", "method": "card"}
    status, page = call.send("payments", **told)
    assert status == 200 and owed(session) == before
    form = form_in(page, "payment")
    assert 'value="9000"' in form and f"£{9000 - before / 100:,.2f} of £9,000.00 would be kept" in form
    assert 'role="group"' in form and "Book it all the same" in form
    other = {**told, "amount": "9001"}  # what was answered is not what is asked now
    assert call.confirmed("payments", page, **other)[0] == 200 and owed(session) == before
    for _ in range(2):
        status, after = call.confirmed("payments", page, **told)
        assert owed(session) == before - 900_000
    assert "nothing was booked twice" in said_in(after)


def test_a_banner_is_its_owners(call: Telephone, make_client: MakeClient, billed: Supplied) -> None:
    told = {"account": billed.account, "amount": "20", "reference": "card-1", "method": "card"}
    answer = call.client.post(f"{call.path}/payments", data=told)
    other = make_client("ops")
    other.cookies.set("just_done", answer.cookies["just_done"])
    assert "Payment of £20.00 taken" not in other.get(f"{call.path}?ask=owe").text
    forged = {"Cookie": f"utility_crm={call.client.cookies['utility_crm']}; just_done=made-up"}
    call.client.cookies.clear()
    assert said_in(call.client.get(f"{call.path}?ask=owe", headers=forged).text) == ""


def count(session: Session, table: str) -> int:
    found = session.scalar(text(f"select count(*) from {table}"))
    assert isinstance(found, int)
    return found


def test_a_refused_promise_names_every_place(call: Telephone, session: Session) -> None:
    status, page = call.send("promises", amount="1,2,3", due_on="2031-01-01")
    form = form_in(page, "promise")
    assert status == 422 and 'value="1,2,3"' in form and 'value="2031-01-01"' in form
    assert "is no amount such as" in form and page.count("autofocus") == 1
    status, page = call.send("promises", amount="20", due_on="2031-01-01")
    assert status == 422 and "A promise is for a day from 20 Nov 2026 to 20 Feb 2027." in form_in(
        page, "promise"
    )
    assert re.search(r'id="f-promise-due_on"[^>]*aria-invalid="true" autofocus', form_in(page, "promise"))
    assert count(session, "promises") == 0


def test_a_promise_of_more_than_is_owed_is_asked_about(call: Telephone, session: Session) -> None:
    before = owed(session)
    told = {"amount": pounds(before + 1000), "due_on": "2026-11-27"}
    status, page = call.send("promises", **told)
    assert status == 200 and "is £10.00 more than that." in form_in(page, "promise")
    assert count(session, "promises") == 0
    status, page = call.confirmed("promises", page, **told)
    assert status == 303 and f"Promise of £{pounds(before + 1000)} by 27 Nov noted" in said_in(page)
    status, page = call.send("promises", **told)
    assert status == 303 and said_in(page) == "Nothing changedThis promise is noted already."
    status, page = call.send("promises", amount="5", due_on="2026-11-27")
    assert status == 409 and "A promise is open on this account already." in said_in(page)
    assert count(session, "promises") == 1


def test_a_plan_that_runs_is_said_with_what_can_be_done(call: Telephone, session: Session) -> None:
    total = owed(session)
    assert "Yes" in call.client.get(f"{call.path}?ask=parts").text
    told = {"ask": "parts", "count": "3", "first_on": "2026-12-01"}
    status, page = call.send("plans", **told, total=str(total + 100))  # something was paid since
    assert status == 200 and "the parts are others than those you saw" in form_in(page, "plan")
    status, page = call.send("plans", **told, total=str(total))
    assert status == 303 and said_in(page).startswith(
        f"DonePlan of 3 parts agreed: £{pounds(total)}, the first"
    )
    status, page = call.send("plans", **told, total=str(total))
    assert status == 409 and count(session, "payment_plans") == 1
    assert f"already: £0.00 of its £{pounds(total)} is paid." in said_in(page)
    for words in ("“You pay in parts already: £0.00 of", "by 1 Dec.”", "End this plan", "Take a payment",
                  "A plan runs <i>", "1 Feb 2027", "to come"):  # fmt: skip
        assert words in page
    assert (
        f"Agreed: £{pounds(total)} in parts, the next "
        in call.client.get(call.path, params={"ask": "owe"}).text
    )
    (plan,) = session.scalars(text("select id from payment_plans"))
    status, page = call.send(f"plans/{plan}/cancel", ask="parts")
    assert status == 200 and f"Once it ends, £{pounds(total)} is due as billed." in form_in(
        page, f"plan-{plan}"
    )
    for _ in range(2):
        status, after = call.confirmed(f"plans/{plan}/cancel", page, ask="parts")
        assert status == 303
        assert session.scalar(text("select state from payment_plans")) == "cancelled"
    assert said_in(after) == "Nothing changedThis plan has ended already."


def test_a_plan_that_is_behind_says_by_how_much(call: Telephone, session: Session) -> None:
    call.send("plans", count="2", first_on="2026-12-01")
    session.execute(text("update plan_instalments set due_on = due_on - 30"))
    page = call.client.get(f"{call.path}?ask=parts").text
    assert "is behind.”" in page and "late" in page
    assert re.search(r'class="a is-bad">A plan runs', page)


def test_a_dispute_is_refused_beside_its_field_and_decided_after_a_question(
    call: Telephone, session: Session, billed: Supplied
) -> None:
    october = bills_of(session, [billed.account_id])[0]
    status, page = call.send("disputes", bill=october.number, amount="999", reason=" ")
    form = form_in(page, "dispute")
    assert status == 422 and f"charges £{pounds(october.total_minor)}: no more of it" in form
    assert "A dispute needs the customer&#39;s reason." in form and 'value="999"' in form
    told = {"bill": october.number, "amount": "5.00", "reason": "the freezer was off"}
    status, page = call.send("disputes", **told)
    assert status == 303 and f"Dispute of £5.00 of bill {october.number} noted" in said_in(page)
    assert "Nothing changed" in said_in(call.send("disputes", **told)[1])
    (dispute,) = session.scalars(text("select id from disputes"))
    before = owed(session)
    status, refused = call.send(f"disputes/{dispute}/close", won="0")
    assert status == 200 and "£5.00 of bill" in form_in(refused, f"dispute-{dispute}")
    status, page = call.send(f"disputes/{dispute}/close", won="1")
    form = form_in(page, f"dispute-{dispute}")
    assert f"goes from £{pounds(before)} to £{pounds(before - 500)}." in form
    assert 'name="won" value="1"' in form and owed(session) == before
    # the answer to one question is no answer to the other
    assert call.send(f"disputes/{dispute}/close", won="1", sure=token_in(refused))[0] == 200
    for words in (f"£5.00 of bill {october.number} credited; £{pounds(before - 500)} stays open.", "already"):
        status, after = call.confirmed(f"disputes/{dispute}/close", page, won="1")
        assert status == 303 and words in said_in(after) and owed(session) == before - 500
    assert call.send(f"disputes/{dispute}/close", won="0")[0] == 409


def test_a_refund_is_asked_about_and_booked_once(call: Telephone, session: Session, billed: Supplied) -> None:
    take_payment(
        session,
        billed.account_id,
        owed(session) + 1500,
        reference="p1",
        received_at=NOW,
        posted_on=NOW.date(),
    )
    name = f"refund-{billed.account}"
    status, page = call.send("refunds", amount="15.01", reference="back-1")
    assert status == 409 and "No more can be given back than is held" in form_in(page, name)
    assert 'value="15.01"' in form_in(page, name)
    status, page = call.send("refunds", amount="10", reference="p1")
    assert status == 409 and re.search(
        r'reference-d"><span class="st bad">The reference p1', form_in(page, name)
    )
    told = {"amount": "10", "reference": "back-1"}
    status, page = call.send("refunds", **told)
    assert status == 200 and "£10.00 of the £15.00 held" in form_in(page, name) and owed(session) == -1500
    for words in ("£10.00 given back; £5.00 is still held.", "nothing was booked twice"):
        status, after = call.confirmed("refunds", page, **told)
        assert status == 303 and words in said_in(after) and owed(session) == -500


def test_a_payment_the_bank_took_back_is_open_again(call: Telephone, session: Session) -> None:
    before = owed(session)
    call.send("payments", amount="20", reference="card-1", method="card")
    (payment,) = session.scalars(text("select id from payments"))
    told = {"payment": str(payment), "reference": "card-1"}
    status, page = call.send("returns", **told)
    assert status == 422 and "own reference" in form_in(page, "return")
    assert call.send("returns", payment="999999", reference="r-1")[0] == 404
    status, page = call.send("returns", **told | {"reference": "r-1"})
    assert (
        status == 200
        and f"to £{pounds(before)}" in form_in(page, "return")
        and owed(session) == before - 2000
    )
    for words in (f"taken back by the bank; £{pounds(before)} stays open.", "nothing was booked twice"):
        status, after = call.confirmed("returns", page, **told | {"reference": "r-1"})
        assert status == 303 and words in said_in(after) and owed(session) == before
    assert 'id="form-return"' not in after  # nothing is left that a bank could take back


def test_an_empty_note_is_refused_beside_its_field(call: Telephone, session: Session) -> None:
    told = {"channel": "email", "topic": "meter", "note": "  ", "complaint": "yes", "ask": "owe", "do": "l"}
    status, page = call.send("contacts", **told)
    form = form_in(page, "act-contact")
    assert status == 422 and count(session, "contacts") == 0
    assert re.search(r'id="f-act-contact-note"[^>]*aria-invalid="true" autofocus', form)
    assert "Say in a few words what it was about." in form and "You owe" in page
    for kept in ('value="email" selected', 'value="meter" selected', " checked"):
        assert kept in form
    panel = re.search(r'<section id="act-l"[^>]*>', page)
    assert panel and " hidden" not in panel[0]  # it stands open
    for words in ("The complaint is kept", "nothing was kept twice"):
        status, page = call.send("contacts", **told | {"note": "the dial stands still"})
        assert status == 303 and words in said_in(page) and count(session, "contacts") == 1


def test_a_russian_agent_is_asked_and_told_in_russian(make_client: MakeClient, billed: Supplied) -> None:
    call = Telephone(make_client("agent", language="ru"), billed)
    status, page = call.send("promises", amount="much", due_on="2031-01-01")
    assert status == 422 and "«much» — не сумма" in form_in(page, "promise")
    status, page = call.send("promises", amount="20", due_on="2031-01-01")
    assert "Обещание даётся на день с 20 нояб. 2026" in form_in(page, "promise")
    status, page = call.send("promises", amount="9000", due_on="2026-11-27")
    assert "Вы уверены?" in page and "Всё равно записать" in page
    status, page = call.confirmed("promises", page, amount="9000", due_on="2026-11-27")
    assert said_in(page).startswith("ГотовоОбещание заплатить")
