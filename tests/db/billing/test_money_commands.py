"""`utility-crm billing payments, direct-debit, statement, check-ledger` in the shapes that are promised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from bank_files import entry, statement, transaction
from billing_world import World
from ledger_world import bill
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from billing.actions.agreeing import take_promise
from billing.actions.payments import take_payment
from billing.commands import app
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings

IBAN = "GB33BUKB20201555555555"


@pytest.fixture
def engine(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """One account with a bill of 40.00 due, on 20 November 2026."""
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", "2026-11-20")
    settings.cache_clear()
    load_tables()
    made = make_engine(fresh_database_url)
    with unit_of_work(made) as session:
        bill(session, World(session).account()[1], 4000, number="B1")
    yield made
    made.dispose()
    settings.cache_clear()


def call(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_from_a_mandate_to_a_statement(engine: Engine, tmp_path: Path) -> None:
    creditor = ("direct-debit", "creditor", "--currency", "GBP", "--name", "Example Energy", "--iban", IBAN,
                "--creditor-id", "GB98ZZZSDDBARC0000", "--return-fee", "3.50")  # fmt: skip
    assert call(*creditor)[0] == 0
    mandate = ("direct-debit", "mandate", "--account", "A0001", "--reference", "M1",
               "--signed-on", "2026-01-31", "--name", "Ada Example", "--iban", IBAN)  # fmt: skip
    assert call(*mandate) == (0, {"account": "A0001", "mandate": "M1"})
    export = ("direct-debit", "export", "--collect-on", "2026-11-24", "--out", str(tmp_path / "made"))
    (tmp_path / "taken").write_text("no folder", encoding="utf-8")
    code, document = call(*export[:-1], str(tmp_path / "taken" / "within"))
    assert (code, document["error"]["code"]) == (1, "out")
    code, document = call(*export)
    (message,) = document["messages"]
    assert (code, message["message"], message["amount"], message["new"]) == (
        0, "DDGBP20261124-1", "40.00", True,
    )  # fmt: skip
    first = Path(message["file"]).read_bytes()
    _, document = call(*export)
    assert document["messages"] == [message | {"new": False}]
    assert Path(message["file"]).read_bytes() == first

    file = tmp_path / "bank.xml"
    file.write_bytes(
        statement(entry("40.00", batch="DDGBP20261124-1-FRST"), entry("5.00", transaction(text="who?")))
    )
    counts = {"booked": 1, "repeated": 0, "suspended": 1, "reversed": 0, "ignored": 0}
    taken = {"file": str(file), "format": "camt.053", "status": "partial", **counts}
    code, document = call("payments", "import", str(file))
    (waits,) = document["files"][0].pop("waiting")
    assert (code, document, waits["amount"]) == (1, {"files": [taken]}, "5.00")
    _, again = call("payments", "import", str(file))
    assert (again["files"][0]["status"], again["files"][0]["repeated"]) == ("unchanged", 2)
    bad = tmp_path / "bad.csv"
    bad.write_text("Tag,Betrag\n2026-11-20,x\n", encoding="utf-8")
    code, refused = call(
        "payments", "import", str(bad), "--columns", "date=Tag,amount=Betrag", "--currency", "GBP"
    )
    assert (code, refused["files"][0]["status"]) == (1, "rejected")
    assert refused["files"][0]["problem"]["where"] == "line 2, amount"

    code, document = call("statement", "--account", "A0001", "--from", "2026-01-01")
    (row,) = document.pop("rows")
    assert (code, row["kind"], row["amount"], row["pays"]) == (
        0, "payment", "-40.00", [{"name": "B1", "amount": "40.00"}],
    )  # fmt: skip
    assert document == {
        "account": "A0001", "currency": "GBP", "starts_on": "2026-01-01", "ends_before": "2026-11-21",
        "opening": "40.00", "closing": "0.00",
    }  # fmt: skip
    assert call("direct-debit", "end", "--reference", "M1", "--on", "2026-12-31")[0] == 0
    code, check = call("check-ledger")
    assert (code, check["differences"]) == (0, [])
    with engine.begin() as connection:
        connection.execute(text("alter table account_balances disable trigger user"))
        connection.execute(text("update account_balances set balance_minor = 1"))
    code, check = call("check-ledger")
    assert (code, [one["kind"] for one in check["differences"]]) == (1, ["balance", "open_items"])


@pytest.mark.parametrize(
    "words",
    [
        ("payments", "import", "no such file"),
        ("payments", "import", __file__, "--columns", "when=Tag"),
        ("statement", "--account", "A1", "--from", "soon"),
        ("direct-debit", "export", "--collect-on", "soon", "--out", "."),
        ("direct-debit", "end", "--reference", "M1", "--on", ""),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(words)).exit_code == 2


def test_what_goes_into_suspense_is_named_with_its_reason(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "bank.csv"
    file.write_text("date,amount,reference\n2026-11-20,7.50,x2\n", encoding="utf-8")
    code, document = call("payments", "import", str(file), "--currency", "GBP")
    (taken,) = document["files"]
    assert (code, taken["booked"], taken["suspended"]) == (1, 0, 1)
    (waits,) = taken["waiting"]
    assert waits == {
        "where": "line 2", "reference": "x2", "amount": "7.50", "currency": "GBP",
        "code": "no_reference", "reason": "it names nothing",
    }  # fmt: skip
    file.write_text("date,amount,reference\n2026-11-20,7.50,x3\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["payments", "import", str(file), "--currency", "GBP"]).stdout
    assert "suspended: line 2: 7.50 GBP, x3: it names nothing" in shown


def test_people_read_it_too(engine: Engine) -> None:
    shown = CliRunner().invoke(app, ["statement", "--account", "A0001"]).stdout
    assert "bill B1" in shown and shown.splitlines()[-1].endswith("40.00")
    shown = CliRunner().invoke(app, ["check-ledger"]).stdout
    assert "1 balances, 1 entries, 0 allocations: all agree" in shown


def test_what_is_adjusted_is_adjusted_once(engine: Engine) -> None:
    of = ("--account", "A0001", "--reason", "because")

    def adjusted(*words: str) -> tuple[int, str, bool]:
        code, document = call("adjust", *words)
        return code, document["balance"], document["repeated"]

    fee = ("fee", *of, "--amount", "5.00", "--reference", "f1")
    assert adjusted(*fee) == (0, "45.00", False)
    assert adjusted(*fee) == (0, "45.00", True)
    credit = ("credit", *of, "--amount", "10", "--reference", "c1", "--bill", "B1", "--tax", "0.48")
    assert adjusted(*credit) == (0, "35.00", False)
    beyond = ("credit", *of, "--amount", "30.01", "--reference", "c2", "--bill", "B1")
    code, asked = call("adjust", *beyond)
    assert (code, asked["error"]["code"]) == (1, "beyond_bill")
    assert "Bill B1 still charges 30.00 GBP; the credit is 0.01 more." in asked["error"]["message"]
    code, asked = call("adjust", *beyond[:-2])
    assert (code, asked["error"]["code"]) == (1, "beyond_bill")
    gone = ("write-off", *of, "--amount", "5.00", "--reference", "w1", "--bill", "B1")
    assert adjusted(*gone) == (0, "30.00", False)
    with unit_of_work(engine) as session:
        account_id = session.scalar(text("select id from accounts"))
        assert isinstance(account_id, int)
        at = datetime(2026, 11, 20, 12, tzinfo=UTC)
        take_payment(session, account_id, 3500, reference="p1", received_at=at, posted_on=at.date())
    back = ("refund", "--account", "A0001", "--amount", "4", "--reference", "b1")
    assert adjusted(*back) == (0, "-1.00", False)
    code, refused = call("adjust", *back[:-1], "b2")
    assert (code, refused["error"]["code"]) == (1, "not_held")
    assert adjusted("reverse", "--payment", "p1", "--reference", "r1") == (0, "34.00", False)
    code, refused = call("adjust", "reverse", "--payment", "none", "--reference", "r2")
    assert (code, refused["error"]["code"]) == (1, "payment")
    assert adjusted(*beyond, "--sure") == (0, "3.99", False)
    assert adjusted(*beyond) == (0, "3.99", True)  # what is booked is not asked about again
    assert call("check-ledger")[0] == 0


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--iban", "GB33BUKB20201555555556", "check digits"),
        ("--iban", "nonsense", "two letters of a country"),
        ("--iban", "DE8937040044053201300", "one of DE has 22 letters and digits, not 21"),
        ("--bic", "wrong bic", "8 or 11"),
        ("--currency", "XXQ", "ISO 4217"),
        ("--return-fee", "x", "no amount"),
        ("--return-fee", "0.005", "minor unit"),
        ("--creditor-id", "a b", "identifier"),
        ("--name", "", "nothing is given"),
    ],
)
def test_a_creditor_is_checked(engine: Engine, option: str, value: str, says: str) -> None:
    given = {"--currency": "GBP", "--name": "Example", "--iban": IBAN, "--creditor-id": "X1", option: value}
    words = [word for pair in given.items() for word in pair]
    code, document = call("direct-debit", "creditor", *words)
    assert (code, document["error"]["where"]) == (2, option)
    assert says in document["error"]["message"]


def test_a_mandate_is_not_signed_tomorrow(engine: Engine) -> None:
    words = ("--account", "A0001", "--reference", "M1", "--name", "Ada Example", "--iban", IBAN)
    code, document = call("direct-debit", "mandate", *words, "--signed-on", "2026-12-24")
    assert (code, document["error"]["where"]) == (2, "--signed-on")


@pytest.mark.parametrize("amount", ["abc", "-5", "1.005", "0", "99999999999999", ""])
def test_what_is_no_amount_is_a_usage_error(engine: Engine, amount: str) -> None:
    words = ("--account", "A0001", "--reference", "f1", "--reason", "late", f"--amount={amount}")
    code, document = call("adjust", "fee", *words)
    assert (code, document["error"]["where"]) == (2, "--amount")
    assert call("check-ledger")[1]["entries"] == 1


def test_money_of_nobody_is_listed_assigned_and_keeps_a_promise(engine: Engine, tmp_path: Path) -> None:
    with unit_of_work(engine) as session:
        account = session.scalars(text("select id from accounts")).one()
        take_promise(session, account, 1200, date(2026, 11, 24), today=date(2026, 11, 20))
    assert call("payments", "list", "--unassigned") == (0, {"unassigned": []})
    file = tmp_path / "bank.csv"
    file.write_text("date,amount,payer,text\n2026-11-20,12.00,Ada,hello\n", encoding="utf-8")
    assert call("payments", "import", str(file))[0] == 1
    code, document = call("payments", "list", "--unassigned")
    (waits,) = document["unassigned"]
    item = waits.pop("item")
    reference = waits.pop("reference")
    assert (code, waits) == (0, {
        "file": "bank.csv", "where": "line 2", "booked_on": "2026-11-20", "amount": "12.00",
        "currency": "GBP", "payer": "Ada", "payer_account": "", "remittance": "hello",
        "code": "unknown_reference", "reason": "it names no account or bill of ours",
    })  # fmt: skip
    assert call("payments", "assign", str(item), "--account", "A9999")[0] == 1
    assert call("payments", "assign", str(item), "--account", "A0001", "--by", "nobody")[0] == 1
    code, document = call("payments", "assign", str(item), "--account", "A0001")
    payment = document.pop("payment")
    assert (code, document) == (0, {
        "item": item, "account": "A0001", "amount": "12.00", "currency": "GBP", "repeated": False,
        "balance": "28.00",
    })  # fmt: skip
    code, again = call("payments", "assign", str(item), "--account", "A0001")
    assert (code, again["error"]["code"]) == (1, "decided")
    code, document = call("payments", "list", "--account", "A0001")
    (paid,) = document["payments"]
    assert paid.pop("received_at").startswith("2026-11-20T00:00:00")
    assert (code, paid) == (0, {
        "payment": payment, "amount": "12.00", "currency": "GBP", "method": "transfer",
        "reference": f"bank:{reference}", "takes_back": None,
    })  # fmt: skip
    with unit_of_work(engine) as session:
        assert session.scalars(text("select state from promises")).all() == ["kept"]
    for words in ((), ("--unassigned", "--account", "A0001")):
        assert CliRunner().invoke(app, ["payments", "list", *words]).exit_code == 2
    shown = CliRunner().invoke(app, ["payments", "list", "--unassigned"])
    assert (shown.exit_code, shown.stdout) == (0, "No money waits for an account.\n")
