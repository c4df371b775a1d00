"""Forms of the customer page: refused with all that was typed, asked back about, done once and said so."""

from __future__ import annotations

import re

import pytest
from billing_world import Supplied
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

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
    found = re.search(r'<div class="notice[^>]*role="(?:alert|status)"[^>]*>(.*?)</div>', page)
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
    assert page.count("autofocus") == 1
    assert said_in(page).startswith("Not done“ten” is no amount such as 43.17")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert 'aria-invalid="true"' not in form_in(page, "contact") and "You owe" in page


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
