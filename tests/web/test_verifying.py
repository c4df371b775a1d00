"""Before a caller is verified, a page holds nothing of who they are; then it does, for one call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from meters.tables import Meter, ServicePoint
from tests.conftest import NOW
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.permissions import may
from utility_crm.auth.tables import AuditRow, User
from utility_crm.customers import verify_panel
from utility_crm.customers.party_tables import Verification
from utility_crm.customers.tables import Contact, Occupancy
from utility_crm.kit.module import Module
from utility_crm.kit.parts import Proof
from utility_crm.knowledge.module import MODULE as KNOWLEDGE
from utility_crm.tasks.actions import add_task
from utility_crm.tickets.actions import open_ticket
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.module import MODULE as TICKETS

HX = {"HX-Request": "true"}
RAW = (
    "07700 900418",
    "7700900418",
    "m.ashdown@mail.example",
    "14 Tannery Row",
    "KB4 2TN",
    "dialysis at home",
)
ANSWERS = {
    "postcode": "kb4 2tn", "phone": "07700 900418",
    "email": "M.Ashdown@mail.example",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("verification")


def holds(page: str) -> list[str]:
    """What of her raw data stands anywhere in the page."""
    plain = unescape(re.sub(r"<[^>]*>", "", page)).lower()
    return [raw for raw in RAW if raw.lower() in page.lower() or raw.lower() in plain]


def asked_in(panel: str) -> list[str]:
    return re.findall(r'id="f-act-verify-(\w+)"', panel)


def panel_of(client: TestClient, path: str) -> str:
    return client.get(f"{path}/acts/v", headers=HX).text


def verified(client: TestClient, path: str) -> None:
    said = {key: ANSWERS[key] for key in asked_in(panel_of(client, path))[:2]}
    assert client.post(f"{path}/verify", data=said | {"do": "v", "ask": "reach"}).status_code == 303


@pytest.mark.parametrize("role", ["agent", "supervisor", "marketer", "ops", "admin"])
def test_no_masked_page_holds_what_is_masked(
    session: Session, make_client: MakeClient, people: People, role: str
) -> None:
    note = "she is on 07700 900418, m.ashdown@mail.example; dialysis at home, 14 Tannery Row"
    session.execute(update(Contact).where(Contact.id == people.complaint).values(note=note))
    client = make_client(role)
    path = f"/customers/{people.margaret}"
    page = client.get(path).text
    questions = re.findall(rf'href="({path}\?ask=[\w-]+)"', page)
    acts = re.findall(r'data-from="([^"]+)"', page)
    assert len(questions) > 8 and "Margaret Ashdown" in page and "Kelder Bridge" in page
    works = {"14 Tannery Row", "KB4 2TN"} if may(role, "personal.work") else set()

    def too_much(address: str, headers: dict[str, str] | None = None) -> set[str]:
        return set(holds(client.get(address, headers=headers).text)) - works

    assert {one: found for one in [path, *questions] if (found := too_much(one))} == {}
    fragments = [*questions, *acts, f"{path}/timeline?ask=told&find=sent"]
    assert {one: found for one in fragments if (found := too_much(one, HX))} == {}


def test_right_answers_show_her_for_half_an_hour_or_until_the_call_ends(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    panel = panel_of(client, path)
    assert len(asked_in(panel)) == 3 and not holds(panel)
    verified(client, path)
    page = client.get(f"{path}?ask=reach").text
    assert {*holds(page), "7700900418"} == set(RAW) and re.search(r"Verified \d\d:\d\d", page)
    kept = session.scalars(select(Verification)).one()
    assert (kept.how, kept.passed, len(kept.asked)) == ("answers", True, 2)
    assert kept.until is not None and kept.until - kept.at == timedelta(minutes=30)
    client.post(f"{path}/hang-up", data={"do": "v", "ask": "reach"})
    assert not holds(client.get(path).text)
    verified(client, path)
    session.execute(update(Verification).values(until=kept.at, at=kept.at - timedelta(minutes=30)))
    assert not holds(client.get(path).text)


def test_what_one_verified_another_does_not_see(
    session: Session, make_client: MakeClient, people: People
) -> None:
    one, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    other = make_client("agent", installed=[], language="ru")
    verified(one, path)
    assert holds(one.get(path).text) and not holds(other.get(path).text)


@pytest.mark.parametrize("ask", ["said", "them", "belongs", "happened"])
def test_her_ticket_says_no_more_of_her_than_her_page(
    session: Session, make_client: MakeClient, people: People, ask: str
) -> None:
    """Opening a ticket must not be a way around asking the caller who they are."""
    premise = session.scalar(text("select id from premises where address = '14 Tannery Row'"))
    ticket = open_ticket(
        session, kind="billing", subject="My bill", text="Why so high?", channel="call", now=NOW,
        customer_id=people.margaret, premise_id=premise,
    )  # fmt: skip
    client = make_client("agent", installed=[KNOWLEDGE, TICKETS])
    path = f"/tickets/{number_of(ticket)}?ask={ask}"
    before = client.get(path)
    assert (before.status_code, holds(before.text)) == (200, [])
    verified(client, f"/customers/{people.margaret}")
    assert "07700 900418" in holds(client.get(path).text)


def test_what_was_written_about_her_is_covered_in_every_list(
    session: Session, make_client: MakeClient, people: People
) -> None:
    """A task, a subject, a file: nothing of them is a way around asking either."""
    client = make_client("agent")
    me = session.scalar(select(User.id).where(User.login == "agent.en"))
    phone = "07700 900418"  # lists cut what is long: also in the middle of a number
    ring = f"Ring {phone}, m.ashdown@mail.example"
    task = add_task(
        session, title=ring, note="or at 07700 900418", due_at=NOW.date(), now=NOW, by=me or 0,
        assignee_id=me, customer_id=people.margaret,
    )  # fmt: skip
    hers = open_ticket(
        session, kind="billing", subject=ring, text=f"{'so ' * 50}{phone} {'so ' * 9}{phone} so",
        channel="call", now=NOW, assignee_id=me,
        customer_id=people.margaret,
    )  # fmt: skip
    other = open_ticket(session, kind="other", subject="Mains", text="Down.", channel="call", now=NOW)
    path, incident = (f"/tickets/{number_of(one)}" for one in (hers, other))
    assert client.post(f"{path}/link", data={"how": "parent", "other": number_of(other)}).status_code == 303
    named = [("files", ("07700 900418.txt", b"07700 900418", "text/plain"))]
    assert client.post(f"{path}/note", data={"text": "see it"}, files=named).status_code == 303
    file = session.scalar(text("select id from ticket_attachments"))
    pages = ["/", "/?ask=next", "/tasks", "/tasks?ask=late", "/tasks?ask=week", f"/tasks/{task}",
             "/tickets?ask=mine", path, f"{path}?ask=happened", f"{incident}?ask=belongs"]  # fmt: skip
    found = {page: client.get(page) for page in pages}
    assert {page: (one.status_code, holds(one.text)) for page, one in found.items()} == dict.fromkeys(
        pages, (200, [])
    )
    assert all("Ring •••" in found[page].text for page in (f"/tasks/{task}", path, pages[-1], "/?ask=next"))
    cut = [client.get(page).text for page in ("/tickets?ask=mine", f"/customers/{people.margaret}")]
    assert all("so so so" in page and "07700" not in page for page in cut)
    refused = client.get(f"{path}/files/{file}")
    assert refused.status_code == 403 and "Verify the caller first" in refused.text
    form = {"title": "Ring •••, •••", "note": "or at •••", "due_on": "2026-11-24", "due_time": "",
            "repeats": "", "who": f"person-{me}", "priority": "high", "remind": "",
            "changes": "0"}  # fmt: skip
    assert client.post(f"/tasks/{task}/change", data=form | {"note": "not •••"}).status_code in (403, 409)
    assert client.post(f"/tasks/{task}/change", data=form).status_code == 303
    kept = session.execute(text("select title, note, priority from tasks where id = :task"), {"task": task})
    assert tuple(kept.one()) == (ring, "or at 07700 900418", "high"), "what was covered stays as it was"
    tag = "m.ashdown@mail.example"
    assert client.post(f"{path}/change", data={"tags": f"cold, {tag}"}).status_code == 303
    assert 'value="cold, •••"' in (page := client.get(path).text) and tag not in page
    for typed, status in (("cold, •••", 303), ("•••", 409)):
        assert client.post(f"{path}/change", data={"tags": typed}).status_code == status
    assert session.scalar(text("select tags from tickets where id = :id"), {"id": hers}) == ["cold", tag]
    verified(client, f"/customers/{people.margaret}")
    assert client.get(f"{path}/files/{file}").content == b"07700 900418"
    assert "07700 900418" in holds(client.get(f"/tasks/{task}").text)


def test_after_three_wrong_answers_nobody_is_asked(
    session: Session, make_client: MakeClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[str] = []
    drawn = verify_panel.questions

    def draws(known: Iterable[Proof], seed: str) -> tuple[Proof, ...]:
        seeds.append(seed)
        return drawn(known, seed)

    monkeypatch.setattr(verify_panel, "questions", draws)
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    nothing = client.post(f"{path}/verify", data={"do": "v", "ask": "reach"})
    assert nothing.status_code == 422 and session.scalar(text("select count(*) from verifications")) == 0
    for left in ("2 tries are left.", "One try is left.", "nobody is asked again for half an hour."):
        keys = asked_in(panel_of(client, path))
        said = {keys[0]: ANSWERS[keys[0]], keys[1]: "wrong"}
        answer = client.post(f"{path}/verify", data=said | {"do": "v", "ask": "reach"})
        assert answer.status_code == 422
        assert (answer.text.count(left), answer.text.count("does not agree")) == (1, 1), "each said once"
        assert not holds(answer.text), "what was right is not said either"
    assert len(set(seeds)) >= 3, "it is drawn anew after a wrong answer"  # of few the same may be drawn again
    panel = panel_of(client, path)
    assert asked_in(panel) == [] and "Too many wrong answers" in panel
    refused = client.post(f"{path}/verify", data=ANSWERS | {"do": "v"})
    assert refused.status_code == 409 and not holds(client.get(path).text)
    later = text("update verifications set at = at - interval '31 minutes'")
    session.execute(later)
    verified(client, path)
    assert holds(client.get(path).text)


def test_a_reason_shows_her_to_who_may_and_is_kept(
    session: Session, make_client: MakeClient, people: People
) -> None:
    path = f"/customers/{people.margaret}"
    assert make_client("agent", installed=[]).post(f"{path}/see", data={"reason": "mine"}).status_code == 403
    client = make_client("supervisor", installed=[])
    assert client.post(f"{path}/see", data={"reason": " "}).status_code == 422
    assert client.post(f"{path}/see", data={"reason": "letter returned by the post"}).status_code == 303
    page = client.get(path).text
    assert holds(page) and "letter returned by the post" in page
    kept = session.scalars(select(Verification)).one()
    assert (kept.how, kept.reason, kept.passed) == ("reason", "letter returned by the post", True)
    noted = session.scalars(select(AuditRow).where(AuditRow.what == "Masked data")).one()
    assert (noted.customer_id, noted.after) == (people.margaret, {"why": "letter returned by the post"})


def test_the_marketer_sees_her_masked_always(make_client: MakeClient, people: People) -> None:
    client, path = make_client("marketer", installed=[]), f"/customers/{people.margaret}"
    for refused in ("verify", "see"):
        assert client.post(f"{path}/{refused}", data=ANSWERS | {"reason": "x"}).status_code == 403
    assert 'data-key="v"' not in client.get(path).text and not holds(client.get(path).text)


def test_what_is_masked_cannot_be_changed(make_client: MakeClient, people: People, session: Session) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    new = {"kind": "phone", "value": "07700 900999"}
    refused = client.post(f"{path}/reach", data=new)
    assert refused.status_code == 409 and "Verify the caller first" in refused.text
    verified(client, path)
    assert client.post(f"{path}/reach", data=new).status_code == 303
    assert (
        quote("reach")
        in client.post(f"{path}/reach", data=new | {"value": "07700 900998"}).headers["location"]
    )


def test_what_packages_know_is_asked_too(make_client: MakeClient, people: People, sample: Module) -> None:
    asking = Module(name="sample", customer="sample:PROVING_ROOM")
    client, path = make_client("agent", installed=[asking]), f"/customers/{people.bakery}"
    panel = panel_of(client, path)
    assert sorted(asked_in(panel)) == ["last_bill", "word"]
    said = {"word": "Rye", "last_bill": "£43.17", "do": "v", "ask": ""}
    assert (
        "43.17" not in panel
        and "rye" not in panel
        and client.post(f"{path}/verify", data=said).status_code == 303
    )


@pytest.mark.parametrize("verifies", [False, True])
def test_the_serial_of_her_meter_is_covered_in_texts_whatever_its_shape(
    session: Session,
    make_client: MakeClient,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    verifies: bool,
) -> None:
    """Packages say what numbers their things have; nothing is asked where nothing has to be covered."""
    premise = session.scalars(
        select(Occupancy.premise_id).where(Occupancy.customer_id == people.margaret)
    ).one()
    point = ServicePoint(code="MP.77", fuel="electricity", premise_id=premise)
    session.add(point)
    session.flush()
    session.add(Meter(serial="ZX/77-Q94", service_point_id=point.id, installed_on=date(2020, 1, 1)))
    words = "the plate under the stairs says zx77 q94"
    session.execute(update(Contact).where(Contact.id == people.complaint).values(note=words))
    about = {"customer_id": people.margaret, "now": NOW}
    ticket = open_ticket(session, kind="meter", subject=words, text=words, channel="call", **about)
    client, path = make_client("agent"), f"/customers/{people.margaret}"
    if verifies:
        monkeypatch.setitem(ANSWERS, "meter", "ZX77Q94")
        verified(client, path)
    pages = [path, f"{path}?ask=said", f"{path}?ask=tickets", f"/tickets/{number_of(ticket)}"]
    fragments = [f"{path}?ask=said", f"{path}/timeline?ask=told"]
    asked = [*((one, {}) for one in pages), *((one, HX) for one in fragments)]
    seen = {(one, len(headers)): client.get(one, headers=headers).text for one, headers in asked}
    assert [one for one, page in seen.items() if "under the stairs" not in page] == []
    assert [one for one, page in seen.items() if ("q94" in page) is not verifies] == []


def test_those_found_by_an_address_are_told_apart_by_what_may_be_said(
    make_client: MakeClient, people: People
) -> None:
    agent = make_client("agent")
    page = agent.get("/customers/found?q=tannery row", headers=HX).text
    said = unescape(re.sub(r"<[^>]*>", " ", page))
    for words in ("Margaret Ashdown", "4100227815", "C100001, Kelder Bridge · found by the address"):
        assert words in said
    assert not holds(page)
