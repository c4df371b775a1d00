"""Late fees: posted once, standing still while something is agreed, capped by law, taken back."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import NOW, World, flat
from ledger_world import bill
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from billing.actions.adjustments import Reason, credit, waive_fee
from billing.actions.agreeing import agree_plan, cancel_plan, take_promise
from billing.actions.disputing import close_dispute, open_dispute
from billing.actions.late_fees import post_late_fees, put_late_fees_right
from billing.actions.payments import take_payment
from billing.answers.asking import answered
from billing.commands import app
from billing.jobs import charge_late_fees
from billing.queries.late_fees import Jurisdiction, late_fees_due
from billing.queries.ledger import check_ledger
from billing.queries.statements import statement_of
from billing.tables import BillLine
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import settings

GB = Jurisdiction("GB")
DUE = date(2020, 2, 15)
"""Of the first bill."""


@pytest.fixture
def account(world: World, session: Session) -> int:
    return late_account(world, session)


def late_account(world: World, session: Session) -> int:
    """A bill of 200.00; its tariff asks 1.5 % a month after 14 days, and 5.00 once after 30."""
    document = flat("late")
    document["versions"][0]["starts_on"] = "2019-01-01"
    document["versions"][0]["charges"] += [
        {"kind": "late_fee", "code": "interest", "label": "Interest", "percent": "1.5", "per": "month",
         "after_days": 14},
        {"kind": "late_fee", "code": "notice", "label": "Notice", "amount": "5", "after_days": 30},
    ]  # fmt: skip
    world.tariff(document)
    one = world.supplied("late", starts_on=date(2020, 1, 1))
    billed(session, one.account_id, one.agreement_id, 20_000, "B1")
    return one.account_id


def billed(session: Session, account_id: int, agreement_id: int, total: int, number: str) -> int:
    made = bill(session, account_id, total, number=number)
    session.add(
        BillLine(
            bill_id=made.id, position=1, agreement_id=agreement_id, charge="fixed", label="Standing",
            starts_on=made.starts_on, ends_before=made.ends_before, quantity_micro=1_000_000, unit="day",
            price_micro=1, amount_minor=total,
        )
    )  # fmt: skip
    session.flush()
    return made.id


def posted(session: Session) -> list[tuple[str, int, int, int]]:
    found = session.execute(
        text("select code, turn, amount_minor, reversed_minor from late_fees order by id")
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


def balance(session: Session) -> int:
    found = session.scalar(text("select sum(balance_minor) from account_balances"))
    assert found is not None
    return int(found)


def late(days: int) -> date:
    return DUE + timedelta(days=days)


def test_each_fee_is_posted_once_and_stands_on_the_statement(session: Session, account: int) -> None:
    assert post_late_fees(session, late(30), GB).count == 0
    assert post_late_fees(session, late(31), GB).totals == {"GBP": 500}
    assert post_late_fees(session, late(31), GB).count == 0
    # Three months of 365 days' twelfths are over on the 92nd counted day; each is asked for.
    assert post_late_fees(session, late(14 + 92), GB).totals == {"GBP": 900}
    assert posted(session) == [("notice", 1, 500, 0), *(("interest", turn, 300, 0) for turn in (1, 2, 3))]
    assert balance(session) == 20_000 + 1400
    found = statement_of(session, "A0001", None, late(200))
    assert [(row.kind, row.amount_minor) for row in found.rows] == [
        ("bill", 20_000), ("fee", 500), ("fee", 300), ("fee", 300), ("fee", 300),
    ]  # fmt: skip
    assert found.rows[1].words == "Notice: bill B1, 31 days late"
    assert check_ledger(session).differences == ()
    told = answered(session, "A0001", "owe", now=NOW, today=late(200), language="en", params={})
    assert told["sentence"].endswith("£14.00 of it is for paying late.")
    assert told["adds_up"] is not None and told["adds_up"]["total"] == "214.00"
    assert [part["amount"] for part in told["adds_up"]["parts"]] == ["200.00", "3.00", "3.00", "3.00", "5.00"]
    with pytest.raises(IntegrityError, match="uq_late_fees_bill_id"), session.begin_nested():
        session.execute(
            text(
                "insert into late_fees (bill_id, code, turn, once, tariff_id, adjustment_id, late_days, "
                "overdue_minor, full_minor, amount_minor) select bill_id, code, turn, once, tariff_id, "
                "adjustment_id + 99, 1, 1, 1, 1 from late_fees limit 1"
            )
        )


def test_only_what_is_late_and_asked_for_bears_a_fee(session: Session, account: int) -> None:
    take_payment(session, account, 15_000, reference="P1", received_at=NOW, posted_on=DUE)
    assert post_late_fees(session, late(50), GB).totals == {"GBP": 75 + 500}
    take_payment(session, account, 5575, reference="P2", received_at=NOW, posted_on=DUE)
    assert late_fees_due(session, late(300), GB) == ()
    assert balance(session) == 0


def test_a_plan_a_promise_and_a_dispute_stop_the_clock(session: Session, account: int) -> None:
    plan = agree_plan(session, account, 3, late(20), today=late(10))
    assert late_fees_due(session, late(100), GB) == ()
    cancel_plan(session, plan, late(100))
    # Ten days before the plan count, those of the plan never.
    assert late_fees_due(session, late(120), GB) == ()
    (found,) = late_fees_due(session, late(121), GB)
    assert (found.late_days, [fee.code for fee in found.fees]) == (31, ["notice"])
    take_promise(session, account, 20_000, late(130), today=late(121))
    assert late_fees_due(session, late(129), GB) == ()
    session.execute(text("update promises set state = 'broken', ended_on = :on"), {"on": late(131)})
    number = open_dispute(session, "B1", 20_000, "too much", today=late(131))
    assert late_fees_due(session, late(140), GB) == ()
    close_dispute(session, number, won=False, today=late(141))
    (found,) = late_fees_due(session, late(141), GB)
    assert found.late_days == 31


def test_a_penny_disputed_or_promised_stops_the_fees_of_a_penny(session: Session, account: int) -> None:
    number = open_dispute(session, "B1", 1, "too much", today=late(1))
    take_promise(session, account, 1, late(60), today=late(1))
    (found,) = late_fees_due(session, late(50), GB)
    assert (found.overdue_minor, found.late_days) == (19_998, 50)
    assert [(fee.code, fee.amount_minor) for fee in found.fees] == [("interest", 300), ("notice", 500)]
    close_dispute(session, number, won=False, today=late(50))
    assert late_fees_due(session, late(50), GB)[0].overdue_minor == 19_999


def test_the_disputed_part_bears_fees_for_the_days_it_was_not(session: Session, account: int) -> None:
    number = open_dispute(session, "B1", 5000, "too much", today=DUE)
    assert post_late_fees(session, late(50), GB).totals == {"GBP": 225 + 500}
    close_dispute(session, number, won=False, today=late(60))
    # The second month was over while it was disputed, or too soon after.
    assert post_late_fees(session, late(75), GB).totals == {"GBP": 225}
    assert post_late_fees(session, late(106), GB).totals == {"GBP": 300}
    assert post_late_fees(session, late(107), GB).count == 0


def test_fees_on_what_was_never_owed_are_taken_back(session: Session, account: int) -> None:
    post_late_fees(session, late(50), GB)
    number = open_dispute(session, "B1", 5000, "the meter ran fast", today=late(51))
    close_dispute(session, number, won=True, today=late(60))
    # A quarter was not owed: of 3.00 there are 2.25 left, the notice stays.
    assert posted(session) == [("interest", 1, 300, 75), ("notice", 1, 500, 0)]
    assert put_late_fees_right(session, late(61)) == 0
    bill_id = session.scalar(text("select id from bills"))
    assert isinstance(bill_id, int)
    credit(session, account, 15_000, Reason("c1", "all of it", late(62)), bill_id=bill_id)
    assert put_late_fees_right(session, late(62)) == 2
    assert posted(session) == [("interest", 1, 300, 300), ("notice", 1, 500, 500)]
    assert balance(session) == 0
    assert check_ledger(session).differences == ()


def test_a_waived_late_fee_is_not_posted_again_nor_taken_back_twice(session: Session, account: int) -> None:
    post_late_fees(session, late(31), GB)
    fee = session.scalar(text("select adjustment_id from late_fees"))
    assert isinstance(fee, int)
    waive_fee(session, fee, Reason("w1", "goodwill", late(32)))
    assert waive_fee(session, fee, Reason("w1", "goodwill", late(32))).repeated
    with pytest.raises(Refused):
        waive_fee(session, fee, Reason("w2", "again", late(32)))
    assert late_fees_due(session, late(33), GB) == ()
    assert posted(session) == [("notice", 1, 500, 500)]


@pytest.mark.parametrize(
    ("law", "total"),
    [
        (Jurisdiction("AU", "VIC"), 0),
        (Jurisdiction("AU"), 1100),  # interest of two months and the notice
        (Jurisdiction("US", "NY"), 600),  # 1.5 % a month in all: what the two would come to is capped
        (Jurisdiction("US", "TX"), 300),  # the first penalty, and never another
        (Jurisdiction("RU"), 0),  # no rate of the central bank was given
        # Days 31 to 80 at 1/300 of 18.25 % a year's rate: 200.00 x 0.1825 x 50 / 300.
        (Jurisdiction("RU", bank_rate_ppm=182_500), 608),
    ],
)
def test_the_law_caps_what_the_tariff_asks(
    session: Session, account: int, law: Jurisdiction, total: int
) -> None:
    done = post_late_fees(session, late(80), law)
    assert sum(done.totals.values()) == total
    capped = session.scalar(text("select count(*) from late_fees where cap <> ''"))
    assert capped == session.scalar(text("select count(*) from late_fees where amount_minor < full_minor"))


def test_the_clock_and_the_command_post_the_same(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", late(50).isoformat())
    settings.cache_clear()
    load_tables()
    engine = make_engine(fresh_database_url)
    try:
        with unit_of_work(engine) as session:
            late_account(World(session), session)
        (found,) = called("preview", "--account", "A0001")["bills"]
        assert (found["bill"], found["days"], found["overdue"], found["cap"]) == ("B1", 50, "200.00", None)
        assert [(fee["code"], fee["amount"]) for fee in found["fees"]] == [
            ("interest", "3.00"), ("notice", "5.00"),
        ]  # fmt: skip
        assert called("preview", "--on", late(20).isoformat()) == {"bills": []}
        with unit_of_work(engine) as session:
            assert charge_late_fees(session, NOW) == "2 late fees posted, 0 taken back"
        assert called("post") == {"posted": 0, "taken_back": 0, "totals": {}}
        assert CliRunner().invoke(app, ["late-fees", "preview", "--account", "none"]).exit_code == 1
        assert CliRunner().invoke(app, ["late-fees", "preview", "--on", "soon"]).exit_code == 2
    finally:
        engine.dispose()
        monkeypatch.undo()
        settings.cache_clear()


def called(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["late-fees", *words, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found
