"""Bills that would differ: the page, putting them right, letting them stand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World
from sqlalchemy.orm import Session

from billing.corrections.finding import find_corrections
from tests.web.conftest import MakeClient

PATH = "/billing/corrections"


@pytest.fixture
def late(billed: Supplied, world: World, session: Session) -> Supplied:
    """October was read again after it was billed."""
    feed = world.feed(NOW - timedelta(hours=1))
    world.even(billed.channel_id, date(2026, 10, 12), 3, 900_000, feed_id=feed)
    find_corrections(session, known_at=NOW, today=NOW.date(), now=NOW, country="GB")
    return billed


def test_nothing_would_differ(billed: Supplied, make_client: MakeClient) -> None:
    page = make_client("ops").get(PATH).text
    assert "No issued bill would be another today." in page and "Look again" in page


def test_every_question_is_answered(late: Supplied, make_client: MakeClient) -> None:
    ops = make_client("ops")
    page = ops.get(PATH).text
    assert "One issued bill would be another today" in page and "readings that came later" in page
    assert "1 pay more, 0 less" in page
    number = "2026-10-000001"
    assert "Today it would be £" in ops.get(f"/bills/{number}").text
    effect = ops.get(f"{PATH}?ask=effect").text
    assert "1 accounts: 1 would pay more, 0 less" in effect and "Not charged" in effect
    assert "Every bill that changed can be made again." in ops.get(f"{PATH}?ask=held").text
    assert "Nothing was decided yet." in ops.get(f"{PATH}?ask=decided").text
    assert "Which bills would differ?" in ops.get("/billing").text
    assert "Put those ticked right" not in make_client("agent").get(PATH).text


def test_a_reason_puts_it_right(late: Supplied, make_client: MakeClient, world: World) -> None:
    ops = make_client("ops")
    one = world.scalar("select id from corrections")
    refused = ops.post(f"{PATH}/approve", data={"id": one, "decision": " "})
    assert refused.status_code == 422 and "Say why." in refused.text
    assert "Tick a bill." in ops.post(f"{PATH}/approve", data={"decision": "late"}).text
    done = ops.post(f"{PATH}/approve", data={"id": one, "decision": "read late by the fitter"})
    page = ops.get(done.headers["location"]).text
    assert "One bill is put right" in page and "read late by the fitter, " in page
    assert world.scalar("select number from credit_notes") in page
    assert world.scalar("select count(*) from bills where status = 'cancelled'") == 1
    old, new = (
        world.scalar("select number from bills where status = :s and starts_on = '2026-10-01'", s=status)
        for status in ("cancelled", "issued")
    )
    taken, made = ops.get(f"/bills/{old}").text, ops.get(f"/bills/{new}").text
    assert "Taken back" in taken and new in taken and "read late by the fitter" in taken
    assert f"in place of bill {old}" in made and "the same to the penny" in made
    customer = make_client("agent").get(f"/customers/{late.customer_id}").text
    assert "was put right: +£" in customer and "takes back the bill to 31 Oct" in customer
    assert "<small>corrected</small>" not in customer  # the ledger's side of it is not told twice
    again = ops.post(f"{PATH}/look")
    assert "No issued bill would be another today." in ops.get(again.headers["location"]).text


def test_or_it_stands(late: Supplied, make_client: MakeClient, world: World) -> None:
    ops = make_client("ops")
    one = world.scalar("select id from corrections")
    done = ops.post(f"{PATH}/dismiss", data={"id": one, "decision": "agreed on the telephone"})
    assert "One bill stands." in ops.get(done.headers["location"]).text
    assert world.scalar("select count(*) from credit_notes") == 0


@pytest.mark.parametrize("act", ["look", "approve", "dismiss"])
def test_only_ops_decides(late: Supplied, make_client: MakeClient, act: str) -> None:
    data: dict[str, Any] = {"id": 1, "decision": "because"}
    assert make_client("agent").post(f"{PATH}/{act}", data=data).status_code == 403
