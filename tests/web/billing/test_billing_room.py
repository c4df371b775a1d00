"""The queue of what waits, and runs: looked at, asked about, then done exactly so."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from billing_world import NOW, Supplied, World, flat, flat_version
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing import room_pages
from billing.actions.issuing import issue_cycle
from billing.actions.tariffs import import_tariff
from billing.cycles import Month
from billing.queries.gate import gate_book
from tests.web.conftest import MakeClient

from .test_customer_forms import form_in, said_in, token_in
from .test_customer_questions import words


@pytest.fixture
def ops(make_client: MakeClient) -> TestClient:
    return make_client("ops")


def hold(world: World, *accounts: Supplied) -> None:
    """What a run of October does with them."""
    issue_cycle(
        world.session, Month(2026, 10), 1, [one.account_id for one in accounts],
        issued_on=date(2026, 11, 3), known_at=NOW, now=NOW, gate=gate_book(world.session),
    )  # fmt: skip


def gap(world: World, name: str) -> Supplied:
    """Two days and some hours of October are missing."""
    one = world.supplied(name=name)
    values: list[int | None] = [200_000] * (33 * 48)
    values[480:580] = [None] * 100
    world.read(one.channel_id, date(2026, 9, 30), values)
    return one


class Queue:
    """Ops at the queue."""

    def __init__(self, client: TestClient, session: Session) -> None:
        self.client, self.session = client, session

    def id_of(self, one: Supplied) -> int:
        found = self.session.scalar(
            text("select id from held_bills where account_id = :a"), {"a": one.account_id}
        )
        assert isinstance(found, int)
        return found

    def page(self, held: int) -> str:
        return self.client.get("/billing", params={"ask": "held", "held": held}).text

    def send(self, held: int, act: str, page: str = "", **told: str) -> tuple[int, str]:
        """With what the page says it shows. After a form that was taken, the page that follows."""
        seen = re.findall(r'name="seen" value="(\w+)"', page or self.page(held))
        answer = self.client.post(f"/billing/held/{held}", data={"seen": seen or "", "act": act, **told})
        if answer.status_code == 303:
            return 303, self.client.get(answer.headers["location"]).text
        return answer.status_code, answer.text


@pytest.fixture
def queue(ops: TestClient, session: Session) -> Queue:
    return Queue(ops, session)


def bills(session: Session) -> list[Any]:
    return list(session.execute(text("select account_id, total_minor, known_at from bills order by id")))


def test_nothing_is_armed_until_one_is_chosen(queue: Queue, world: World, session: Session) -> None:
    one, two = gap(world, "Bela Example"), world.supplied(name="Cora Example")
    hold(world, one, two)
    page = queue.client.get("/billing").text
    assert "2 accounts cannot be billed yet." in words(page)
    assert "One of them waits only for your word." in words(page)
    assert "has no reading in these days" in words(page)
    assert "form-held" not in page and 'data-key="l"' not in page
    chosen = queue.page(queue.id_of(one))
    assert "Readings of 2.1 days are missing; days near by would fill them." in words(chosen)
    assert 'data-key="l"' in form_in(chosen, f"held-{queue.id_of(one)}")
    unreadable = queue.page(queue.id_of(two))
    assert 'data-key="l"' not in unreadable and "It must be put right first." in unreadable
    status, page = queue.send(queue.id_of(two), "release", page=chosen, reason="so", sure="x")
    assert status == 409 and "It cannot be released, only put right" in page
    assert bills(session) == []


def test_a_reason_and_a_yes_release_what_was_seen_and_arm_nobody_else(
    queue: Queue, world: World, session: Session
) -> None:
    one, other = gap(world, "Bela Example"), gap(world, "Cora Example")
    hold(world, one, other)
    held = queue.id_of(one)
    status, page = queue.send(held, "release", reason="  ")
    assert status == 422 and "Say why it may be billed." in form_in(page, f"held-{held}")
    status, page = queue.send(held, "release", reason="The <fitter> was there")
    total = session.scalar(text("select total_minor from held_bills where id = :id"), {"id": held})
    shown = f"£{total / 100:.2f}"
    assert status == 200 and f"{shown} for 1 Oct 2026 to 31 Oct 2026 goes out to Bela Example" in words(page)
    assert 'value="The &lt;fitter&gt; was there"' in form_in(page, f"held-{held}")
    assert f"Release and bill {shown}" in page and bills(session) == []
    told = {"reason": "The <fitter> was there", "sure": token_in(page)}
    status, page = queue.send(held, "release", page, **told)
    assert said_in(page).startswith(f"DoneBela Example is billed: 2026-10-000001, {shown}, due ")
    assert [(row[0], row[1]) for row in bills(session)] == [(one.account_id, total)]
    assert "One account cannot be billed yet." in words(page) and "form-held" not in page
    stale = queue.page(held)
    assert "That account waits no more. Choose another below." in words(stale) and "form-held" not in stale
    status, page = queue.send(held, "release", **told)
    assert "This account waits no more: nothing was done." in said_in(page) and len(bills(session)) == 1


def test_holding_on_keeps_the_reason_and_shows_it(queue: Queue, world: World, session: Session) -> None:
    one = gap(world, "Bela Example")
    hold(world, one)
    held = queue.id_of(one)
    status, page = queue.send(held, "keep", reason="")
    assert status == 422 and "Say why it goes on waiting." in page
    status, page = queue.send(held, "keep", reason="We ask <the> customer")
    assert status == 200 and "is not billed until somebody releases it" in words(page)
    status, page = queue.send(held, "keep", reason="We ask <the> customer", sure=token_in(page))
    assert said_in(page) == "DoneBela Example goes on waiting: We ask &lt;the&gt; customer"
    assert "Held on" in words(page) and page.count("We ask &lt;the&gt; customer") == 2
    assert bills(session) == []


def test_a_price_changed_meanwhile_is_refused_and_shown_anew(
    queue: Queue, world: World, session: Session
) -> None:
    one = gap(world, "Bela Example")
    hold(world, one)
    held = queue.id_of(one)
    _, page = queue.send(held, "release", reason="so")
    told = {"reason": "so", "sure": token_in(page)}
    import_tariff(session, flat(versions=[flat_version("2024-01-01", "0.35")]), correct=True)
    status, page = queue.send(held, "release", page, **told)
    assert status == 409 and bills(session) == []
    assert re.search(
        r"is another by now: it was £94.50 for 298.0 kWh; it would be £\d+.\d\d for", said_in(page)
    )
    status, page = queue.send(held, "release", page, reason="so")
    now = session.scalar(text("select total_minor from held_bills"))
    assert status == 200 and f"Release and bill £{now / 100:.2f}" in page
    queue.send(held, "release", page, reason="so", sure=token_in(page))
    assert [row[1] for row in bills(session)] == [now]


def test_readings_that_came_since_are_not_in_what_is_released(
    queue: Queue, world: World, session: Session
) -> None:
    one = gap(world, "Bela Example")
    hold(world, one)
    held, later = queue.id_of(one), world.feed(NOW + timedelta(hours=1))
    _, page = queue.send(held, "release", reason="so")
    world.even(one.channel_id, date(2026, 10, 5), 3, 900_000, feed_id=later)
    queue.send(held, "release", page, reason="so", sure=token_in(page))
    assert bills(session) == [(one.account_id, 9450, NOW)]


def test_a_month_is_typed_again_where_it_is_none(ops: TestClient, world: World) -> None:
    answer = ops.post("/billing/runs", data={"period": "soon"})
    assert answer.status_code == 422 and 'value="soon"' in form_in(answer.text, "draft")
    assert "is not a month written YYYY-MM" in said_in(answer.text)
    answer = ops.post("/billing/runs", data={"period": "2031-01"})
    assert answer.status_code == 409 and 'value="2031-01"' in form_in(answer.text, "draft")


def drafted(ops: TestClient) -> tuple[str, str]:
    """The page after October was drafted, and where its draft is issued."""
    answer = ops.post("/billing/runs", data={"period": "2026-10"})
    page = ops.get(answer.headers["location"]).text
    found = re.search(r'action="(/billing/runs/\d+/issue)"', page)
    return page, found[1] if found else ""


def test_a_draft_is_looked_at_and_then_issued_as_it_was(
    ops: TestClient, world: World, session: Session
) -> None:
    one, two = world.supplied(), world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    page, path = drafted(ops)
    assert "Oct 2026 is drafted: one bill, £94.50; one account waits. Nothing went out yet." in said_in(page)
    assert "1 bills would be issued, £94.50; one account would wait." in words(page)
    assert bills(session) == [] and two.account not in words(ops.get("/billing?ask=held").text)
    asked = ops.post(path)
    assert asked.status_code == 200 and "one bill, £94.50 in all, go out" in words(asked.text)
    late = world.feed(NOW.replace(year=2100))
    world.even(one.channel_id, date(2026, 10, 5), 3, 900_000, feed_id=late)
    answer = ops.post(path, data={"sure": token_in(asked.text)})
    page = ops.get(answer.headers["location"]).text
    assert said_in(page) == "DoneOct 2026: one bill issued, £94.50; one account waits."
    (row,) = bills(session)
    assert row[1] == 9450
    assert two.account in words(page)  # what waits is in the queue now
    known = session.scalars(text("select known_at from bill_runs order by id")).all()
    assert known[0] == known[1] == row[2]


def test_a_draft_that_is_another_by_now_is_refused_with_what_changed(
    ops: TestClient, world: World, session: Session
) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    _, path = drafted(ops)
    token = token_in(ops.post(path).text)
    import_tariff(session, flat(versions=[flat_version("2024-01-01", "0.35")]), correct=True)
    answer = ops.post(path, data={"sure": token})
    assert answer.status_code == 409 and bills(session) == []
    assert re.search(
        r"it was one bill, £94.50, nobody waits; it would be one bill, £1\d\d.\d\d, nobody waits",
        said_in(answer.text),
    )
    assert ops.post("/billing/runs/1000000/issue").status_code == 404


def test_only_a_draft_can_be_issued(ops: TestClient, world: World, session: Session) -> None:
    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    _, path = drafted(ops)
    ops.post(path, data={"sure": token_in(ops.post(path).text)})
    issued = session.scalar(text("select max(id) from bill_runs where not draft"))
    answer = ops.post(f"/billing/runs/{issued}/issue")
    assert answer.status_code == 409 and "Only a draft that is finished can be issued." in said_in(
        answer.text
    )
    assert len(bills(session)) == 1


def test_bills_that_were_not_issued_as_the_database_was_away_are_when_it_is_sent_again(
    ops: TestClient, world: World, session: Session, monkeypatch: pytest.MonkeyPatch, may_fail: None
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    one = world.supplied()
    world.even(one.channel_id, date(2026, 9, 30), 33)
    _, path = drafted(ops)
    form = {"sure": token_in(ops.post(path).text), "once": "a1"}
    with monkeypatch.context() as broken:
        broken.setattr(room_pages, "issue_draft", away)
        answer = ops.post(path, data=form)
    assert answer.status_code == 503 and "Send it again" in answer.text
    assert bills(session) == []
    again = ops.post(path, data=form)
    assert said_in(ops.get(again.headers["location"]).text).startswith("DoneOct 2026: one bill issued")
    assert len(bills(session)) == 1
    third = ops.post(path, data=form)
    assert third.headers["location"] == again.headers["location"]
    assert "nothing was done twice" in said_in(ops.get(third.headers["location"]).text)
    assert len(bills(session)) == 1
