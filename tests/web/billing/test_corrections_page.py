"""Bills that would differ: the page, putting them right, letting them stand."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, two_rate
from sqlalchemy.orm import Session

from billing.actions.tariffs import import_tariff
from billing.corrections.finding import find_corrections
from tests.web.conftest import MakeClient

from .test_customer_forms import form_in, said_in, token_in

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


def ticks(page: str) -> list[str]:
    """What the boxes send, ticked or not."""
    return re.findall(r'name="id" value="([\w-]+)"', page)


class Decider:
    """Ops at the page of corrections."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def send(self, act: str, **told: Any) -> tuple[int, str]:
        """After a form that was taken, the page that follows."""
        answer = self.client.post(f"{PATH}/decide", data={"act": act, **told})
        if answer.status_code == 303:
            return 303, self.client.get(answer.headers["location"]).text
        return answer.status_code, answer.text


@pytest.fixture
def decider(make_client: MakeClient) -> Decider:
    return Decider(make_client("ops"))


def test_nothing_is_ticked_until_somebody_ticks_it(late: Supplied, decider: Decider) -> None:
    page = decider.client.get(PATH).text
    assert len(ticks(page)) == 1 and not re.search(r'name="id"[^>]* checked', page) and "Tick it" in page
    assert re.search(r'name="id"[^>]* checked', decider.client.get(f"{PATH}?ask=which&tick=all").text)


def test_it_asks_with_the_sums_and_then_puts_right(late: Supplied, decider: Decider, world: World) -> None:
    (one,) = ticks(decider.client.get(PATH).text)
    status, page = decider.send("approve", id=one, decision=" ")
    assert (
        status == 422 and "Say why." in form_in(page, "decide") and re.search(r'name="id"[^>]* checked', page)
    )
    status, page = decider.send("approve", decision="late & read")
    assert status == 422 and "Tick a bill." in page and 'value="late &amp; read"' in form_in(page, "decide")
    told = {"id": one, "decision": "read late by the fitter"}
    status, page = decider.send("approve", **told)
    more = world.scalar("select after_minor - before_minor from corrections")
    asked = f"Credit one bill and issue one new: one pays £{more / 100:.2f} more."
    assert status == 200 and asked in page and world.scalar("select count(*) from credit_notes") == 0
    assert "Put this bill right" in page and re.search(r'name="id"[^>]* checked', page)
    status, page = decider.send("approve", **told, sure=token_in(page))
    done = f"One bill is credited, one is issued anew. Customers pay £{more / 100:.2f} more in all."
    assert said_in(page) == f"Done{done}" and "read late by the fitter, " in page
    assert world.scalar("select number from credit_notes") in page
    assert world.scalar("select count(*) from bills where status = 'cancelled'") == 1
    old, new = (
        world.scalar("select number from bills where status = :s and starts_on = '2026-10-01'", s=status)
        for status in ("cancelled", "issued")
    )
    taken, made = (decider.client.get(f"/bills/{number}").text for number in (old, new))
    assert "Taken back" in taken and new in taken and "read late by the fitter" in taken
    assert f"in place of bill {old}" in made and "the same to the penny" in made
    again = decider.client.post(f"{PATH}/look")
    page = decider.client.get(again.headers["location"]).text
    assert "No issued bill would be another today." in page
    status, page = decider.send("approve", **told)
    assert status == 409 and f"Bill {old} was decided about meanwhile." in page


def test_the_customer_page_tells_it_once(late: Supplied, decider: Decider, make_client: MakeClient) -> None:
    (one,) = ticks(decider.client.get(PATH).text)
    told = {"id": one, "decision": "read late by the fitter"}
    decider.send("approve", **told, sure=token_in(decider.send("approve", **told)[1]))
    customer = make_client("agent").get(f"/customers/{late.customer_id}").text
    assert "was put right: +£" in customer and "takes back the bill to 31 Oct" in customer
    assert "<small>corrected</small>" not in customer  # the ledger's side of it is not told twice


def test_or_it_stands(late: Supplied, decider: Decider, world: World) -> None:
    (one,) = ticks(decider.client.get(PATH).text)
    told = {"id": one, "decision": "agreed on the telephone"}
    status, page = decider.send("dismiss", **told)
    assert status == 200 and "One bill stands as it was issued. Put right, one pays £" in page
    status, page = decider.send("dismiss", **told, sure=token_in(page))
    assert said_in(page) == "DoneOne bill stands as it was issued."
    assert world.scalar("select count(*) from credit_notes") == 0


def test_what_was_made_again_since_is_not_approved_unseen(
    late: Supplied, decider: Decider, world: World, session: Session
) -> None:
    (one,) = ticks(decider.client.get(PATH).text)
    token = token_in(decider.send("approve", id=one, decision="late")[1])
    then = NOW + timedelta(minutes=30)
    world.even(late.channel_id, date(2026, 10, 20), 2, 800_000, feed_id=world.feed(then))
    find_corrections(session, known_at=then, today=NOW.date(), now=then, country="GB")
    status, page = decider.send("approve", id=one, decision="late", sure=token)
    after = world.scalar("select after_minor from corrections where state = 'proposed'")
    said = f"made again meanwhile, from what was known on 20 Nov 2026: it would be £{after / 100:.2f}."
    assert status == 409 and said in page
    assert world.scalar("select count(*) from credit_notes") == 0


def test_a_price_changed_since_the_look_is_refused_with_both_sums(
    late: Supplied, decider: Decider, world: World, session: Session
) -> None:
    (one,) = ticks(decider.client.get(PATH).text)
    token = token_in(decider.send("approve", id=one, decision="late")[1])
    import_tariff(session, two_rate(day="0.45"), correct=True)
    shown = world.scalar("select after_minor from corrections where state = 'proposed'")
    status, page = decider.send("approve", id=one, decision="late", sure=token)
    assert status == 409 and world.scalar("select count(*) from credit_notes") == 0
    assert re.search(rf"was shown as {shown / 100:.2f} GBP and would be \d+\.\d\d GBP now", page)


@pytest.mark.parametrize("act", ["look", "decide"])
def test_only_ops_decides(late: Supplied, make_client: MakeClient, act: str) -> None:
    data: dict[str, Any] = {"id": 1, "decision": "because"}
    assert make_client("agent").post(f"{PATH}/{act}", data=data).status_code == 403
