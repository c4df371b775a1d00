"""An explanation is said in Russian with the same figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from billing_world import Supplied
from sqlalchemy.orm import Session

from billing.customer.spoken import SHIFTS, cause_of, detail_of, plain, spoken
from billing.domain.explanation.evidence import _WITHOUT_FIGURES
from billing.domain.explanation.figures import Figure
from billing.explaining import EffectRow, explain_bill
from billing.queries.bills import bill_before, bills_of
from tests.web.conftest import MakeClient

from .test_customer_questions import words


def test_the_sentence_says_the_same_figures_in_russian(billed: Supplied, session: Session) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    found = explain_bill(session, newest, bill_before(session, newest))
    said, asked_on = spoken(found, "ru")
    assert re.match(r"Счёт за октябрь на [\d,]+\s£ (больше|меньше), чем за сентябрь", plain(said))
    rows = [row for row in found.rows if row.amount_minor]
    linked = [run.row for run in (*said, *asked_on) if run.row]
    assert sorted(linked) == list(range(1, len(rows) + 1))
    assert all(detail_of(row, "ru") for row in rows)


@pytest.mark.parametrize("first", [1, 8])
@pytest.mark.parametrize("total", [3_456, 123_456_789])
def test_a_russian_sentence_is_short_enough_to_be_said(
    billed: Supplied, session: Session, first: int, total: int
) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    found = explain_bill(session, newest, bill_before(session, newest))
    assert found.caveats
    bill = replace(newest, starts_on=date(2026, 10, first), ends_before=date(2026, 11, first))
    for year in (2026, 2025):
        before = replace(
            newest, id=0, total_minor=newest.total_minor - total,
            starts_on=date(year, 9 if year == 2026 else 10, first),
            ends_before=date(year, 10 if year == 2026 else 11, first),
        )  # fmt: skip
        for noun in (*SHIFTS, "more use at dearer hours"):
            for amount in (total - 100, total + 100):
                rows = (EffectRow("shift", noun, amount, ""), EffectRow("fixed", "", total - amount, ""))
                said, asked_on = spoken(replace(found, bill=bill, against=before, rows=rows), "ru")
                assert len(plain(said).split()) <= 25, plain(said)
                assert "оцен" in plain(said)
                assert sorted(run.row for run in (*said, *asked_on) if run.row) == [1, 2]
                if first == 1 and total == 3_456 and year == 2026:
                    assert any(run.row == 1 for run in said)
                if year == 2025:
                    assert "2025" in plain(said)


@pytest.mark.parametrize("amount", [-100, 100])
@pytest.mark.parametrize(
    ("effect", "noun", "words_of_it"),
    [
        ("volume", "using more a day", "больший расход в день"),
        ("volume", "using less a day", "меньший расход в день"),
        ("days", "two more days", "больше дней"),
        ("days", "one day fewer", "меньше дней"),
        ("reactive", "reactive energy at other hours", "реактивная энергия в другие часы"),
        ("shift", "less use while giving back", "меньше потребления во время отдачи"),
        ("peak", "another highest demand", "другой максимум мощности"),
    ],
)
def test_what_was_measured_is_said_whatever_it_did_to_the_bill(
    billed: Supplied, session: Session, effect: str, noun: str, words_of_it: str, amount: int
) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    found = explain_bill(session, newest, bill_before(session, newest))
    shorter = replace(newest, ends_before=date(2026, 10, 20))
    found = replace(found, bill=shorter, against=newest)
    assert cause_of(found, EffectRow(effect, noun, amount, ""), "ru") == words_of_it


def test_evidence_is_written_as_russians_write_it() -> None:
    def detail(effect: str, *figures: Figure) -> str:
        return detail_of(EffectRow(effect, "", 1, "English", figures), "ru")

    assert detail("volume", Figure("use a day", "1,207.2", "7.9", "kWh")) == (
        "расход в день 1\N{NO-BREAK SPACE}207,2 → 7,9 кВт·ч"
    )
    price = Figure("Energy", "20.00 p", "25.00 p", "kWh", date(2026, 10, 11))
    assert detail("price", price) == "Энергия 20,00 p → 25,00 p за кВт·ч с 11 окт."
    row = EffectRow("price", "", 1, "English", (price,))
    assert detail_of(row, "ru", {"Energy": "Весь день"}) == "Весь день 20,00 p → 25,00 p за кВт·ч с 11 окт."
    assert detail("tariff", Figure("tariff", "Saver 2.5", "Saver 3.0", "")) == "тариф Saver 2.5 → Saver 3.0"


def test_evidence_without_figures_is_not_left_in_english() -> None:
    """Whatever the engine shows without a figure has its Russian words."""
    dated = "one price for all hours, another from 1 October and from 1 November"
    for shown in (*_WITHOUT_FIGURES.values(), dated):
        row = EffectRow("shift", "use at other hours", 11, shown, ())
        assert not re.search("[a-z]", detail_of(row, "ru")), shown
        assert detail_of(row, "en") == shown


def test_use_on_other_days_is_said_in_russian(billed: Supplied, session: Session) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    found = explain_bill(session, newest, bill_before(session, newest))
    said = {cause_of(found, EffectRow("shift", noun, 100, ""), "ru") for noun in SHIFTS}
    assert len(said) == len(SHIFTS)
    assert "больше расхода после повышения цены" in said
    assert cause_of(found, EffectRow("shift", "more use at dearer hours", 100, ""), "ru") not in said


def test_a_russian_agent_reads_russian_pages(
    make_client: MakeClient, billed: Supplied, session: Session
) -> None:
    client = make_client("agent", language="ru")
    number = bills_of(session, [billed.account_id])[0].number
    for path in (
        *(f"/customers/{billed.customer_id}?ask={ask}" for ask in ("why", "owe", "estimated", "most")),
        *(f"/bills/{number}?ask={ask}" for ask in ("why", "charge", "estimated", "paid", "again")),
        "/billing/tariffs/flat",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        main = words(answer.text.split("<main", 1)[1].split("</main>", 1)[0])
        english = set(re.findall(r"\b(the|bill|readings|amount|your|days|estimated)\b", main, re.IGNORECASE))
        assert not english, (path, english)
        assert "kWh" not in main, path
        assert "кВт·ч" in main or "ask=owe" not in path, path
        if "ask=why" in path:
            assert not re.search(r"→ [\d,]*\.\d", main), path
