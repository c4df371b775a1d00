"""The whole base on another tariff, as a marketer sees it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from billing_world import World
from lxml import etree
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from .test_customer_questions import words

MakeClient = Callable[..., TestClient]


@pytest.fixture
def base(world: World) -> World:
    """Two households on the flat tariff: one uses its energy at night, the other by day; one that has only
    been read for a month; and one that is on the two-rate tariff already."""
    at_night, spread, new = (world.supplied() for _ in range(3))
    already = world.supplied("night")
    world.even(already.channel_id, date(2025, 10, 20), 390)
    world.read(at_night.channel_id, date(2025, 10, 20), ([900_000] * 12 + [1_000] * 36) * 390)
    world.read(spread.channel_id, date(2025, 10, 20), ([1_000] * 14 + [400_000] * 34) * 390)
    world.even(new.channel_id, date(2026, 10, 20), 20)
    return world


def test_a_marketer_runs_it_looks_and_exports(make_client: MakeClient, base: World) -> None:
    client = make_client("marketer")
    before = words(client.get("/billing/what-if", params={"tariff": "night"}).text)
    assert "It has not been run yet." in before
    done = client.post("/billing/what-if", data={"tariff": "night"}, follow_redirects=True)
    assert done.status_code == 200
    page = words(done.text)
    assert "1 of 3 would pay less, 1 more and 1 the same" in page and "One account could not be told." in page
    assert "A change would be advised to one of them" in page
    rows = list(csv.DictReader(io.StringIO(client.get("/billing/what-if.csv?tariff=night").text)))
    assert [row["verdict"] for row in rows] == ["switch", "dearer", "dearer"]
    assert [row["pays"] for row in rows] == ["less", "the same", "more"]
    assert float(rows[0]["saving"]) > float(rows[0]["saving_at_least"]) > 0 > float(rows[2]["saving"])
    chart = etree.fromstring(re.search(r'<svg class="cx".*?</svg>', done.text, re.DOTALL)[0])
    tall = [
        (bar.get("class"), bar.findtext("title")) for bar in chart.iter("rect") if bar.get("height") != "0.0"
    ]
    assert [tone for tone, _ in tall] == ["c-more", "c-post", "c-less"]
    assert [said.rpartition(": ")[2] for _, said in tall] == ["1", "1", "1"]
    assert client.get("/billing/what-if.csv?tariff=flat").status_code == 404
    client.post("/billing/what-if", data={"tariff": "flat"})
    assert "1 of 3 would pay less" in words(client.get("/billing/what-if").text), "where most would win"
    alone = words(client.get("/billing/what-if?tariff=night&segment=industry").text)
    assert "It has not been run yet." in alone
    given = {"tariff": "night", "segment": "industry"}
    told = client.post("/billing/what-if", data=given, follow_redirects=True)
    assert "Nobody could be told" in words(told.text)


def test_others_may_not_and_nonsense_is_refused(make_client: MakeClient, base: World) -> None:
    agent = make_client("agent")
    assert agent.get("/billing/what-if").status_code == 403
    assert agent.post("/billing/what-if", data={"tariff": "night"}).status_code == 403
    marketer = make_client("marketer")
    assert marketer.get("/billing/what-if?segment=villages").status_code == 422
    assert marketer.post("/billing/what-if", data={"tariff": "none"}).status_code == 404


def test_a_base_without_tariffs_says_so(make_client: MakeClient) -> None:
    assert "No tariff yet" in words(make_client("marketer").get("/billing/what-if").text)


def test_a_run_under_way_is_seen_and_looked_at_again(
    make_client: MakeClient, base: World, session: Session
) -> None:
    client = make_client("marketer")
    session.execute(
        text(
            "insert into what_ifs (tariff_id, offered_to, currency, on_day, due, done, started_at) "
            "select id, '{household}', 'GBP', '2026-11-20', 900, 250, :now from tariffs where code = 'night'"
        ),
        {"now": datetime(2026, 11, 21, tzinfo=UTC)},
    )
    sheet = client.get("/billing/what-if?tariff=night", headers={"HX-Request": "true"}).text
    assert "250 of 900 supplies" in words(sheet) and 'hx-trigger="every 3s"' in sheet
    session.execute(text("update what_ifs set finished_at = now()"))
    assert "every 3s" not in client.get("/billing/what-if?tariff=night").text
