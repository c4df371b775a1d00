"""The sheets of the answers, as an agent sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from billing_world import Supplied, World
from sqlalchemy import text
from starlette.testclient import TestClient

from billing.answers.charge import decimals_said
from billing.answers.registry import answers
from billing.customer.why import explanation_context
from billing.documents import bill_facts, paper_of
from billing.explaining import explain_bill
from billing.queries.bills import LineRow, bill_before, bill_named

from .test_customer_questions import words

MakeClient = Callable[..., TestClient]
SHEET = {"HX-Request": "true"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_answer_has_a_sheet(
    make_client: MakeClient, world: World, billed: Supplied, language: str
) -> None:
    agent, new = make_client("agent", language=language), world.supplied()
    for one in answers():
        for customer in (billed.customer_id, new.customer_id):
            found = agent.get(f"/customers/{customer}", params={"ask": one.key}, headers=SHEET)
            assert found.status_code == 200, one.key
            assert "Working it out failed" not in found.text and 'style="' not in found.text, one.key


def test_charges_are_called_as_in_the_readers_language(
    make_client: MakeClient, world: World, billed: Supplied
) -> None:
    """On the customer's page, the bill's, the tariff's and the paper; what is kept of a line stays."""
    number = world.scalar("select max(number) from bills")
    kept = world.session.scalars(text("select distinct label from bill_lines")).all()
    names = {label: f"по-русски {place}" for place, label in enumerate(kept)}
    world.session.execute(
        text("update tariffs set document = document || jsonb_build_object('labels', cast(:it as jsonb)) "
             "where code = 'night'"), {"it": json.dumps({"ru": names})},
    )  # fmt: skip
    pages = (f"/bills/{number}", f"/bills/{number}?ask=charge", f"/customers/{billed.customer_id}?ask=charge")
    for language, other in (("ru", kept), ("en", list(names.values()))):
        agent = make_client("agent", language=language)
        for path in (*pages, "/billing/tariffs/night"):
            shown = agent.get(path).text
            said = names.values() if language == "ru" else kept
            assert all(f">{one}" in shown or f" {one}" in shown for one in said), (path, language)
            assert not any(f">{one}<" in shown for one in other), (path, language)
    (facts,) = bill_facts(world.session, [world.scalar("select id from bills where number = :n", n=number)])
    paper = paper_of(facts, "ru")
    rows = [row[0] for row in paper.summary.rows] + [row[0] for row in paper.tax.rows]
    assert rows and not any(label in row for row in rows for label in kept)
    assert paper_of(facts, "en").tax.rows[0][0] == "VAT"
    newest = bill_named(world.session, str(number))
    why = explain_bill(world.session, newest, bill_before(world.session, newest))
    assert why.names == {"ru": names}
    details = {language: [effect[2] for effect in explanation_context(why, language)["effects"]]
               for language in ("en", "ru")}  # fmt: skip
    assert any("Night" in detail for detail in details["en"])
    assert any(names["Night"] in detail for detail in details["ru"])
    assert not any(label in detail for detail in details["ru"] for label in kept)


def test_the_slider_moves_use_and_only_by_its_steps(make_client: MakeClient, billed: Supplied) -> None:
    agent, path = make_client("agent"), f"/customers/{billed.customer_id}"
    still = agent.get(path, params={"ask": "tariff"}, headers=SHEET).text
    moved = agent.get(path, params={"ask": "tariff", "shift": "40"}, headers=SHEET).text
    odd = agent.get(path, params={"ask": "tariff", "shift": "41"}, headers=SHEET).text
    assert "40 % at night" in words(moved) and "at night" not in words(still)
    assert "With 40 % of the evening moved to the night" in words(moved)
    assert 'type="range"' in still and words(odd) == words(still)


def test_a_line_is_chosen_and_parts_are_counted(make_client: MakeClient, billed: Supplied) -> None:
    agent, path = make_client("agent"), f"/customers/{billed.customer_id}"
    tax = words(agent.get(path, params={"ask": "charge", "line": "4"}, headers=SHEET).text)
    assert "VAT is 5" in tax and "4 lines add up to" in tax and "left over £0.00" in tax
    six = agent.get(path, params={"ask": "parts", "count": "6"}, headers=SHEET).text
    assert "6 parts" in words(six) and six.count("2026</th>") + six.count("2027</th>") == 6


def test_a_quantity_said_leads_to_the_amount() -> None:
    line = LineRow(
        1, "energy", "Day", date(2026, 10, 1), date(2026, 11, 1), 304_998_000, "kWh", 301_000, 9180,
        None, None, None,
    )  # fmt: skip
    assert decimals_said(line, "GBP") == 3
    assert decimals_said(replace(line, quantity_micro=305_010_000, amount_minor=9181), "GBP") == 1
    assert decimals_said(replace(line, amount_minor=5000), "GBP") == 1
