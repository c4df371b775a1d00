"""What a bill's paper says, against the bill itself, and a month of papers into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from billing.actions.issuing import issue_cycle
from billing.actions.late_fees import post_late_fees
from billing.actions.payments import take_payment
from billing.commands import app
from billing.cycles import Month
from billing.documents import bill_facts, paper_of, pdf_of
from billing.documents.comparing import prices_changed_on
from billing.documents.making import bills_of_period, document_of, make_documents
from billing.documents.reading import BillFacts
from billing.invoices import next_number
from billing.queries.late_fees import Jurisdiction
from billing.runs import issue_bills
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.settings import settings

TODAY = date(2026, 11, 3)


def billed(world: World, one: Supplied, month: Month = Month(2026, 10)) -> None:
    issue_cycle(world.session, month, 1, [one.account_id], issued_on=TODAY, known_at=NOW, now=NOW)


def issued(world: World, one: Supplied, month: Month, on: date) -> str:
    """The number of the month's bill."""
    done = issue_cycle(world.session, month, 1, [one.account_id], issued_on=on, known_at=NOW, now=NOW)
    number = world.scalar("select number from bills where id = :id", id=done.bill_ids[0])
    assert isinstance(number, str)
    return number


def facts_of(session: Session, number: str = "2026-10-000001") -> BillFacts:
    ids = session.scalars(text("select id from bills where number = :number"), {"number": number}).all()
    (facts,) = bill_facts(session, ids)
    return facts


def test_the_days_add_up_to_the_bill_and_say_what_was_estimated(world: World, session: Session) -> None:
    one = world.supplied()
    values: list[int | None] = [200_000 + place for place in range(34 * 48)]
    values[480:500] = [None] * 20
    world.read(one.channel_id, date(2026, 9, 29), values)
    billed(world, one)
    facts = facts_of(session)
    assert sum(day.micro_kwh for day in facts.days) == facts.bill.micro_kwh > 0
    assert sum(day.estimated for day in facts.days) == facts.bill.estimated_readings == 20
    assert (len(facts.days), facts.readings) == (31, 31 * 48 + 2)  # the clock goes back
    paper = paper_of(facts)
    assert paper.usage is not None and sum(bar.estimated for bar in paper.usage.days) in (1, 2)
    assert "20 of 1,490 readings" in paper.sections[0].text
    assert paper.headline.total == f"£{facts.bill.total_minor / 100:.2f}"
    assert paper.tax.sums[-1][1] == paper.summary.total[1] == paper.headline.total


def test_a_year_before_is_theirs_alone(world: World, session: Session) -> None:
    """Readings of the household before them are nobody's business."""
    mine, new = world.supplied(), world.supplied(starts_on=date(2026, 3, 1))
    for one in (mine, new):
        world.even(one.channel_id, date(2025, 9, 25), 45, 100_000)
        world.even(one.channel_id, date(2026, 9, 30), 33)
        billed(world, one)
    theirs, others = facts_of(session), facts_of(session, "2026-10-000002")
    assert {day.before_micro_kwh for day in theirs.days} <= {48 * 100_000, 50 * 100_000}
    assert {day.before_micro_kwh for day in others.days} == {None}
    assert "A year before" in [row[0] for row in paper_of(theirs).compared.rows]  # type: ignore[union-attr]
    assert paper_of(others).compared is None


def test_the_paper_never_changes_and_speaks_the_customers_language(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 8, 30), 70)
    billed(world, one, Month(2026, 9))
    billed(world, one)
    number = "2026-10-000001"
    before = document_of(session, number)
    session.execute(text("update customers set name = 'Another Name', language = 'ru'"))
    world.even(one.channel_id, date(2026, 10, 1), 31, 900_000, feed_id=world.feed(NOW + timedelta(days=1)))
    assert document_of(session, number) == before
    assert paper_of(facts_of(session)).sections[1].text.startswith("This bill is £")
    russian = paper_of(facts_of(session), "ru")
    assert russian.headline.what == "Ваш счёт за октябрь 2026" and pdf_of(russian) != before
    with pytest.raises(NotFound):
        document_of(session, "2026-10-999999")


def test_what_was_owed_before_stands_on_the_next_bill(world: World, session: Session) -> None:
    document = flat("late")
    document["versions"][0]["charges"].append(
        {"kind": "late_fee", "code": "late", "label": "Interest", "percent": "1.5", "per": "month",
         "after_days": 14}
    )  # fmt: skip
    world.tariff(document)
    one = world.supplied("late")
    world.even(one.channel_id, date(2026, 6, 28), 160)
    first = issued(world, one, Month(2026, 7), date(2026, 8, 2))
    paper = paper_of(facts_of(session, first))
    assert (paper.account, paper.headline.due) == (None, "by 16 August 2026")
    (late,) = [section.text for section in paper.sections if section.heading == "If you pay late"]
    assert "From 31 August 2026 on it costs 1.5" in late and "a month of what is late" in late
    post_late_fees(session, date(2026, 10, 8), Jurisdiction("GB"))
    number = issued(world, one, Month(2026, 10), TODAY)
    account = paper_of(facts_of(session, number)).account
    owed, total = facts_of(session, first).bill.total_minor, facts_of(session, number).bill.total_minor
    fee = session.scalar(text("select amount_minor from late_fees"))
    assert isinstance(fee, int) and fee > 0
    assert account is not None and account.rows == (
        ("Owed before, without fees", f"£{owed / 100:.2f}"),
        ("Fees since the last bill", f"£{fee / 100:.2f}"),
        ("This bill", f"£{total / 100:.2f}"),
    )
    assert account.total == ("Owed in all", f"£{(owed + fee + total) / 100:.2f}")
    assert account.said.startswith(f"£{(owed + fee) / 100:.2f} of it is late.")
    before = document_of(session, number)
    take_payment(
        session, one.account_id, owed + fee, reference="P1", received_at=NOW, posted_on=date(2026, 11, 4)
    )
    assert document_of(session, number) == before  # paid after it was issued


def test_what_was_in_their_favour_is_not_asked_for(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 8, 30), 70)
    take_payment(session, one.account_id, 1000, reference="P1", received_at=NOW, posted_on=date(2026, 9, 1))
    facts = facts_of(session, issued(world, one, Month(2026, 9), date(2026, 10, 2)))
    asked = f"£{(facts.bill.total_minor - 1000) / 100:.2f}"
    paper = paper_of(facts)
    assert paper.headline.total == asked and ("Amount", asked, True) in paper.payment.rows
    assert paper.summary.total[1] == f"£{facts.bill.total_minor / 100:.2f}"
    assert paper.account is not None and paper.account.total == ("Owed in all", asked)
    more = replace(facts, standing=replace(facts.standing, before_minor=-facts.bill.total_minor - 1))
    assert paper_of(more).payment.heading == "There is nothing to pay"
    assert paper_of(more).headline.total == "£0.00" and paper_of(more).payment.qr == ""


def test_the_last_bill_says_that_it_is(world: World, session: Session) -> None:
    stays, left = world.supplied(), world.supplied(ends_before=date(2026, 10, 18), reason="moved")
    for one in (stays, left):
        world.even(one.channel_id, date(2026, 9, 30), 33)
    whats = [
        paper_of(facts_of(session, issued(world, one, Month(2026, 10), TODAY))).headline.what
        for one in (stays, left)
    ]
    assert whats == ["Your bill for October 2026", "Your final bill, to 17 October 2026"]


def test_a_price_that_changed_inside_the_bill_is_said(world: World, session: Session) -> None:
    document = flat("moving")
    document["versions"].append(flat_version("2026-10-11", "0.40"))
    world.tariff(document)
    one = world.supplied("moving")
    world.even(one.channel_id, date(2026, 8, 30), 70)
    billed(world, one, Month(2026, 9))
    billed(world, one)
    assert paper_of(facts_of(session)).sections[1].text.endswith("Prices changed on 11 October 2026.")
    assert prices_changed_on(facts_of(session, "2026-09-000001")) is None


def test_nothing_is_asked_where_nothing_is_owed(world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    billed(world, one)
    assert paper_of(facts_of(session)).payment.qr.startswith("<svg")
    session.execute(text('update invoices set addressee = addressee || \'{"method": "direct_debit"}\''))
    collected = paper_of(facts_of(session)).payment
    assert (collected.qr, collected.heading) == ("", "You need do nothing")
    facts = facts_of(session)
    credit = paper_of(replace(facts, bill=replace(facts.bill, total_minor=-500)))
    assert credit.payment.heading == "This is in your favour" and credit.headline.due == ""
    assert credit.headline.total == "£5.00" and pdf_of(credit)


@pytest.fixture
def committed(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=4)
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        for _ in range(5):
            world.even(world.supplied().channel_id, date(2026, 9, 30), 33)
    issue_bills(engine, "2026-10", today=TODAY, now=NOW, known_at=NOW)
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()
    yield engine
    monkeypatch.undo()
    settings.cache_clear()
    engine.dispose()


def test_a_month_goes_on_where_it_stopped(committed: Engine, tmp_path: Path) -> None:
    with unit_of_work(committed) as session:
        found = bills_of_period(session, "2026-10")
    assert [number for _, number in found] == [f"2026-10-{place:06d}" for place in range(1, 6)]
    told: list[tuple[int, int]] = []
    first = make_documents(
        committed, found[:2], tmp_path / "out", threads=2, progress=lambda *x: told.append(x)
    )
    assert (first.made, first.unchanged, told) == (2, 0, [(1, 2), (2, 2)])
    (tmp_path / "out" / ".2026-10-000003.pdf.77").write_bytes(b"half")  # what a killed run leaves
    whole = make_documents(committed, found, tmp_path / "out", threads=2)
    assert (whole.made, whole.unchanged) == (3, 2)
    with unit_of_work(committed) as session:
        for _, number in found:
            assert (tmp_path / "out" / f"{number}.pdf").read_bytes() == document_of(session, number)


def test_the_command_writes_one_or_all(committed: Engine, tmp_path: Path) -> None:
    def said(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["document", *words, "--json"])
        return done.exit_code, done.stdout

    file = tmp_path / "one.pdf"
    code, out = said("--bill", "2026-10-000002", "--out", str(file))
    assert (code, json.loads(out)) == (0, {"bill": "2026-10-000002", "file": str(file)})
    assert file.read_bytes().startswith(b"%PDF")
    code, out = said("--period", "2026-10", "--out", str(tmp_path / "all"))
    assert (code, json.loads(out)["made"]) == (0, 5)
    assert (tmp_path / "all" / "2026-10-000002.pdf").read_bytes() == file.read_bytes()
    assert json.loads(said("--period", "2026-10", "--out", str(tmp_path / "all"))[1])["unchanged"] == 5
    assert said("--period", "2026-09", "--out", str(tmp_path))[0] == 1
    assert said("--bill", "none", "--out", str(tmp_path))[0] == 1
    assert said("--period", "2026-10", "--out", str(file))[0] == 1
    assert said("--out", str(file))[0] == 2
    assert said("--bill", "x", "--language", "xx", "--out", str(file))[0] == 2


def test_the_command_gathers_and_keeps_tax_numbers(committed: Engine, tmp_path: Path) -> None:
    def said(*words: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, [*words, "--json"])
        return done.exit_code, json.loads(done.stdout)

    with committed.begin() as connection:
        connection.execute(text("update customers set tags = array['one invoice'] where id = 1"))
        for table, column in (("accounts", "payer_id"), ("invoices", "customer_id")):
            connection.execute(text(f"update {table} set {column} = 1 where {column} in (2, 3)"))
    numbers = [f"2026-10-{place:06d}" for place in (1, 2, 3)]
    assert said("gather", "--period", "2026-10") == (
        0, {"invoices": [{"invoice": "INV-2026-000001", "bills": numbers}]},
    )  # fmt: skip
    assert said("gather", "--period", "2026-10") == (0, {"invoices": []})
    assert said("gather", "--period", "2026-10", "--customer", "C1")[0] == 1
    assert said("document", "--bill", "INV-2026-000001", "--out", str(tmp_path / "i.pdf"))[0] == 0
    assert (tmp_path / "i.pdf").read_bytes().startswith(b"%PDF")
    code, found = said("numbers")
    assert (code, found["gaps"]) == (0, [])
    assert [(one["series"], one["documents"]) for one in found["series"]] == [("bill", 5), ("invoice", 1)]
    with unit_of_work(committed) as session:
        next_number(session, "invoice", TODAY)
    code, found = said("numbers")
    assert (code, [one["last_number"] for one in found["gaps"]]) == (1, [2])
    known = {"customer": "C1", "tax_number": "GB999999973"}
    assert said("tax-number", "--customer", "C1", "--number", "GB 999 9999 73") == (0, known)
    assert said("tax-number", "--customer", "C1", "--number", "GB 999 9999 74")[0] == 1
    assert said("tax-number", "--customer", "nobody", "--number", "GB999999973")[0] == 1
    assert said("tax-number", "--customer", "C1", "--number", "")[1]["tax_number"] == ""
