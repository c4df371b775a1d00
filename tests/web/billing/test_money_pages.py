"""Statement, ops' room of money, and the API of payments."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from bank_files import entry, statement, transaction
from billing_world import NOW, World
from ledger_world import bill
from lxml import etree
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.agreeing import agree_plan, take_promise
from billing.actions.direct_debits import add_mandate, set_creditor
from billing.actions.disputing import open_dispute
from billing.actions.judging import judge_agreed
from billing.actions.payments import take_payment
from tests.web.conftest import MakeClient
from utility_crm.auth.tokens import make_token

from .test_customer_forms import form_in, said_in, token_in

IBAN = "GB33BUKB20201555555555"


@pytest.fixture
def account(world: World) -> int:
    found = world.account()[1]
    bill(world.session, found, 4000, number="B1")
    return found


def test_a_statement_shows_what_paid_what(session: Session, make_client: MakeClient, account: int) -> None:
    take_payment(session, account, 5000, reference="=R1", received_at=NOW, posted_on=NOW.date())
    client = make_client("agent")
    page = client.get("/accounts/A0001/statement").text
    for words in ("Brought forward", "B1", "£40.00", "−£50.00", "−£10.00", "£10.00 not used yet"):
        assert words in page
    part = client.get("/accounts/A0001/statement?from=2026-01-01&to=2026-11-20").text
    assert "On 1 Jan 2026 you owed £40.00. By 20 Nov 2026 £0.00 was charged, and £50.00 was paid" in part
    assert "So we hold" in part and "held for them at the end" in part
    table = client.get("/accounts/A0001/statement.csv").text.splitlines()
    assert table[1] == "2020-02-01,bill,B1,,40.00,40.00,"
    assert table[2] == "2026-11-20,payment,'=R1,transfer,-50.00,-10.00,B1: 40.00"
    assert client.get("/accounts/A0001/statement?from=soon").status_code == 422
    assert client.get("/accounts/nobody/statement").status_code == 404
    assert make_client("marketer").get("/accounts/A0001/statement").status_code == 403


def upload(client: TestClient, content: bytes, **more: str) -> Any:
    files = {"file": ("bank.xml", content)}
    return client.post("/billing/money/files", files=files, data=more)


def test_ops_take_a_file_and_assign_what_waits(
    session: Session, make_client: MakeClient, account: int
) -> None:
    client = make_client("ops")
    assert "All the money that came in is somebody" in client.get("/billing/money").text
    assert "Yes: every balance" in client.get("/billing/money?ask=books").text
    content = statement(
        entry("10.00", transaction(text="A0001"), reference="R1"),
        entry("30.00", transaction(text="hello", payer="Ben Example"), reference="R2"),
        entry("5.00", transaction(text="hello"), reference="R3"),
    )
    kept = upload(client, content).headers["location"]
    assert "bank.xml: 1 booked, 0 known before, 2 nobody" in said_in(client.get(kept).text)
    again = client.get(upload(client, content).headers["location"]).text
    assert "bank.xml was taken before: nothing was booked twice." in said_in(again)
    page = client.get("/billing/money").text
    assert "Ben Example" in page and "it names no account or bill of ours" in page
    first, second = session.scalars(text("select id from suspense_items order by id")).all()
    path = f"/billing/money/waiting/{first}"
    for typed, why in (("nobody", "There is no account nobody."), ("", "Say whose it is")):
        refused = client.post(path, data={"account": typed})
        form = form_in(refused.text, f"waiting-{first}")
        assert refused.status_code == 422 and f'value="{typed}"' in form and why in form
    asked = client.post(path, data={"account": "A0001"})
    assert (
        asked.status_code == 200 and "£30.00 goes to " in asked.text and "£30.00 is owed there." in asked.text
    )
    done = client.post(path, data={"account": "A0001", "sure": token_in(asked.text)})
    assert "£30.00 is booked on account A0001 of" in said_in(client.get(done.headers["location"]).text)
    path = f"/billing/money/waiting/{second}"
    asked = client.post(path, data={"act": "back"})
    assert asked.status_code == 200 and "£5.00 of – is booked as sent back; the bank sends it" in asked.text
    back = {"act": "back", "sure": token_in(asked.text)}
    assert client.post(path, data=back).status_code == 303
    decided = client.post(path, data=back)
    assert decided.status_code == 409 and "has decided about this money already" in said_in(decided.text)
    assert client.post("/billing/money/waiting/1000000").status_code == 404
    assert session.scalar(text("select balance_minor from account_balances")) == 0
    refused = upload(client, content[:-20], columns="date=Tag", currency="gbp")
    assert refused.status_code == 422 and "line 8" in said_in(refused.text)
    assert 'value="date=Tag"' in form_in(refused.text, "file") and 'value="gbp"' in refused.text
    assert client.post("/billing/money/files", data={"columns": ""}).status_code == 422
    assert make_client("agent").get("/billing/money").status_code == 403


def test_ops_collect_and_fetch_the_message(session: Session, make_client: MakeClient, account: int) -> None:
    set_creditor(session, "GBP", name="Énergie & Co", iban=IBAN, creditor_id="GB98ZZZSDDBARC0000")
    add_mandate(session, account, "M1", signed_on=NOW.date(), name="Ada Exämple", iban=IBAN, bic="BUKBGB22")
    client = make_client("ops")
    done = client.post("/billing/money/collections", data={"collect_on": "2026-11-24"})
    page = client.get(done.headers["location"]).text
    assert said_in(page) == "DoneOne direct debit is in a new message: DDGBP20261124-1."
    again = client.post("/billing/money/collections", data={"collect_on": "2026-11-24"})
    assert "Nothing more is due by that day" in said_in(client.get(again.headers["location"]).text)
    path = "/billing/money/collections/DDGBP20261124-1.xml"
    content = client.get(path).content
    assert content == client.get(path).content
    root = etree.fromstring(content)
    names = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"}

    def said(path: str) -> list[str]:
        found = root.xpath(path + "/text()", namespaces=names)
        assert isinstance(found, list)
        return [str(one) for one in found]

    assert said("//p:GrpHdr/p:CtrlSum") == ["40.00"] and said("//p:PmtInfId") == ["DDGBP20261124-1-FRST"]
    assert said("//p:Cdtr/p:Nm") == ["Energie . Co"] and said("//p:Dbtr/p:Nm") == ["Ada Example"]
    assert said("//p:InstdAmt") == ["40.00"] and said("//p:MndtId") == ["M1"]
    assert said("//p:DbtrAgt//p:BICFI") == ["BUKBGB22"] and said("//p:RmtInf/p:Ustrd") == ["B1"]
    assert client.get("/billing/money/collections/none.xml").status_code == 404
    refused = client.post("/billing/money/collections", data={"collect_on": "soon"})
    assert refused.status_code == 422 and 'value="soon"' in form_in(refused.text, "collect")


class Sender:
    """A till with its token."""

    def __init__(self, client: TestClient, token: str) -> None:
        self.client = client
        self.token = token

    def pay(self, key: str = "k1", **told: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        body = {"account": "A0001", "amount": "15.00", "reference": "till-1"} | told
        return self.client.post("/api/v1/payments", json=body, headers=headers)


@pytest.fixture
def till(session: Session, make_client: MakeClient) -> Sender:
    made = make_token(session, "till", ["payments:write"], NOW)
    return Sender(make_client(), made.token)


def test_a_till_books_a_payment_once(session: Session, till: Sender, account: int) -> None:
    first = till.pay(pays=[{"bill": "B1", "amount": "15.00"}])
    assert first.status_code == 201
    assert first.json() | {"payment": 0} == {
        "payment": 0, "account": "A0001", "repeated": False, "balance": "25.00", "currency": "GBP",
    }  # fmt: skip
    assert till.pay(pays=[{"bill": "B1", "amount": "15.00"}]).json() == first.json()
    assert till.pay("k1", amount="16.00").status_code == 409
    known = till.pay("k2")
    assert (known.status_code, known.json()["repeated"]) == (200, True)
    assert till.pay("k3", amount="16.00").status_code == 409
    assert session.scalar(text("select count(*) from payments")) == 1


@pytest.mark.parametrize(
    ("told", "status", "where"),
    [
        ({"amount": 15.0}, 422, "$.amount"),
        ({"amount": "0"}, 422, "$.amount"),
        ({"amount": "15.001"}, 422, "$.amount"),
        ({"currency": "EUR"}, 422, "$.currency"),
        ({"reference": " "}, 422, "$.reference"),
        ({"method": "shells"}, 422, "$.method"),
        ({"received_at": "2026-11-20"}, 422, "$.received_at"),
        ({"more": "x"}, 422, "$.more"),
        ({"pays": [{"bill": "B1"}]}, 422, "$.pays[0]"),
        ({"pays": [{"bill": "B1", "amount": "16.00"}]}, 422, "pays"),
        ({"account": "nobody"}, 404, "nobody"),
    ],
)
def test_a_bad_payment_is_refused_by_field(
    session: Session, till: Sender, account: int, told: dict[str, Any], status: int, where: str
) -> None:
    answer = till.pay(**told)
    assert (answer.status_code, answer.json()["where"]) == (status, where)
    assert session.scalar(text("select count(*) from payments")) == 0


def test_who_may_not_pay(session: Session, make_client: MakeClient, till: Sender, account: int) -> None:
    reader = make_token(session, "reader", ["readings:write"], NOW)
    assert Sender(make_client(), reader.token).pay().status_code == 403
    assert Sender(make_client(), "ucrm_wrong").pay().status_code == 401
    assert till.pay("").status_code == 422


def test_ops_see_who_pays_in_parts(session: Session, make_client: MakeClient, account: int) -> None:
    client = make_client("ops")
    assert "Nobody pays in parts" in client.get("/billing/money?ask=agreed").text
    today = date(2026, 11, 20)
    take_promise(session, account, 500, today, today=today)
    judge_agreed(session, today + timedelta(days=4))
    open_dispute(session, "B1", 700, "the meter was not mine", today=today)
    agree_plan(session, account, 2, today, today=today)
    shown = client.get("/billing/money?ask=agreed").text
    for words in (
        "3 things are agreed",
        "One of them was broken",
        "the meter was not mine",
        "£33.00",
        "running",
    ):
        assert words in shown
