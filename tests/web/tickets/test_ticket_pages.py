"""The room of tickets: every list and question opens; what is written there is kept once."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event, select, update
from starlette.testclient import TestClient

from tests.db.tickets.conftest import Care
from tests.web.conftest import MakeClient
from utility_crm.auth.tables import User
from utility_crm.knowledge.module import MODULE as KNOWLEDGE
from utility_crm.network.tables import NetworkNode
from utility_crm.tickets.actions import add_message, link, merge, set_parent
from utility_crm.tickets.attachments import files_on
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.module import MODULE
from utility_crm.tickets.tables import Ticket, TicketMessage

ROOMS = [KNOWLEDGE, MODULE]


def fields(page: str, form: str) -> dict[str, str]:
    """The hidden fields of a form, as a browser sends them."""
    body = page[page.index(f'id="form-{form}"') :]
    body = body[: body.index("</form>")]
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', body))


def newest(care: Care) -> TicketMessage:
    found = care.session.scalars(select(TicketMessage).order_by(TicketMessage.id.desc()).limit(1)).one()
    care.session.refresh(found)
    return found


def row(care: Care, ticket_id: int) -> Ticket:
    return care.session.get_one(Ticket, ticket_id)


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent", installed=ROOMS)


def test_every_list_and_every_question_opens(agent: TestClient, care: Care) -> None:
    one, two, three = care.open(), care.open(customer_id=None, sender="who@post.example"), care.open()
    link(care.session, one, two, "related", now=care.now)
    set_parent(care.session, three, one, now=care.now)
    for ask in ("mine", "first", "due", "nobody", "named", "all", "nonsense", "view-9"):
        page = agent.get(f"/tickets?ask={ask}")
        assert page.status_code == 200, ask
    page = agent.get("/tickets?ask=all").text
    assert page.count("data-row") == 3 and number_of(two) in page and "no customer yet" in page
    for ask in ("said", "them", "belongs", "happened"):
        for ticket in (one, two, three):
            answer = agent.get(f"/tickets/{number_of(ticket)}?ask={ask}")
            assert answer.status_code == 200, ask
            assert answer.text.count("<h1") == 1 and 'style="' not in answer.text
    assert agent.get("/tickets/T-99999").status_code == 404
    assert agent.get("/tickets/hello").status_code == 404
    assert agent.get("/tickets/new").status_code == 200
    assert "Margaret" in agent.get(f"/tickets/new?customer_id={care.margaret}").text


def test_an_answer_is_kept_once_and_the_second_of_two_keeps_their_words(
    agent: TestClient, care: Care
) -> None:
    ticket = care.open()
    path = f"/tickets/{number_of(ticket)}"
    seen = fields(agent.get(path).text, "answer")
    form = seen | {"text": "It was cold.", "channel": "email", "then": "waiting"}
    assert agent.post(f"{path}/answer", data=form).status_code == 303
    assert "email" in newest(care).channel and newest(care).sending == "queued"
    again = agent.post(f"{path}/answer", data=form)
    assert again.status_code == 303  # sent twice: nothing is kept twice
    assert len(care.session.scalars(select(TicketMessage)).all()) == 2
    mine = fields(agent.get(path).text, "answer")
    answer = {"direction": "out", "channel": "email", "now": care.later(minutes=1), "by": care.omar}
    add_message(care.session, ticket, text="From Omar", **answer)
    refused = agent.post(
        f"{path}/answer", data=mine | {"text": "Mine, too", "channel": "call", "then": "open"}
    )
    assert refused.status_code == 409
    assert "Omar Haddad answered meanwhile" in refused.text and ">Mine, too</textarea>" in refused.text
    assert "From Omar" in refused.text
    known = fields(refused.text, "answer")  # what came back knows what Omar did
    sent = agent.post(f"{path}/answer", data=known | {"text": "Mine, too", "channel": "call", "then": "open"})
    assert sent.status_code == 303 and newest(care).text == "Mine, too"


def test_what_is_wrong_is_said_beside_its_field(agent: TestClient, care: Care) -> None:
    path = f"/tickets/{number_of(care.open())}"
    empty = agent.post(f"{path}/answer", data={"text": " ", "channel": "email", "then": "waiting"})
    assert empty.status_code == 422 and "Write something first." in empty.text
    wrong = agent.post(
        f"{path}/note",
        data={"text": "see file"},
        files=[("files", ("a.exe", b"MZ\x90\x00" + bytes(99), "application/pdf"))],
    )
    assert wrong.status_code == 422 and "of a kind that is not taken" in wrong.text
    assert ">see file</textarea>" in wrong.text
    assert len(care.session.scalars(select(TicketMessage)).all()) == 1
    for act, form in (
        ("merge", {"into": "T-99999"}), ("link", {"how": "related", "other": "x"}),
        ("split", {"subject": "y"}),
        ("change", {"status": "new2"}), ("change", {"customer": "C999"}), ("snooze", {"nap": "9y"}),
    ):  # fmt: skip
        answer = agent.post(f"{path}/{act}", data=form)
        assert answer.status_code == 422, act
        assert "Not done" in answer.text, act


def test_files_leave_as_downloads_in_a_sandbox(agent: TestClient, care: Care) -> None:
    path = f"/tickets/{number_of(care.open())}"
    files = [
        ("files", ('счёт "1".pdf', b"%PDF-1.7\n%%EOF", "text/html")),
        ("files", ("b.txt", b"hello", "x/y")),
    ]
    assert agent.post(f"{path}/note", data={"text": "two files"}, files=files).status_code == 303
    links = re.findall(r'href="(/tickets/[^"]*/files/[^"]*)"', agent.get(path).text)
    assert len(links) == 2
    got = agent.get(links[0])
    assert got.content.startswith(b"%PDF") and got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"
    other = number_of(care.open())
    assert agent.get(links[0].replace(path, f"/tickets/{other}")).status_code == 404


def test_small_acts_and_their_words(agent: TestClient, care: Care) -> None:
    ticket = care.open()
    path = f"/tickets/{number_of(ticket)}"

    def row() -> Ticket:
        care.session.expire_all()
        return care.session.get_one(Ticket, ticket)

    def version() -> str:
        return str(row().version)

    assert agent.post(f"{path}/take", data={"version": version()}).status_code == 303
    assert row().status == "open" and row().assignee_id not in (None, care.priya)
    form = {"status": "on_hold", "priority": "high", "kind": "meter", "assignee_id": str(care.omar),
            "team_id": str(care.team), "tags": "cold, Meter"}  # fmt: skip
    assert agent.post(f"{path}/change", data=form | {"version": version()}).status_code == 303
    now = row()
    assert (now.status, now.priority, now.kind, now.assignee_id) == ("on_hold", "high", "meter", care.omar)
    assert now.tags == ["cold", "meter"]
    assert agent.get(path).status_code == 404  # it is another team's now, and nobody's business here


def test_merge_asks_back_for_another_customer_and_can_be_undone(agent: TestClient, care: Care) -> None:
    one, other = care.open(), care.open(customer_id=care.bakery, subject="The bakery")
    path = f"/tickets/{number_of(one)}"
    asked = agent.post(f"{path}/merge", data={"into": number_of(other)})
    assert asked.status_code == 200 and "Thornbury Bakery" in asked.text
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    done = agent.post(f"{path}/merge", data={"into": number_of(other).lower(), "sure": sure.group(1)})
    assert done.status_code == 303
    page = agent.get(path).text
    assert f"It was merged into {number_of(other)}" in page and "form-answer" not in page
    assert agent.get(f"/tickets/{number_of(other)}").text.count('<article class="msg') == 2
    assert (
        agent.post(f"{path}/answer", data={"text": "x", "channel": "email", "then": "open"}).status_code
        == 409
    )
    assert agent.post(f"{path}/unmerge").status_code == 303
    assert agent.get(path).text.count('<article class="msg') == 1
    assert agent.post(f"{path}/unmerge").status_code == 409


def test_parting_and_incidents(agent: TestClient, care: Care) -> None:
    one, other = care.open(), care.open()
    path = f"/tickets/{number_of(one)}"
    second = add_message(
        care.session, one, direction="in", text="And my meter?", channel="email", now=care.now
    )
    assert '<summary data-key="d">' in agent.get(path).text
    parted = agent.post(f"{path}/split", data={"messages": [str(second)], "subject": "The meter"})
    assert parted.status_code == 303
    assert newest(care).ticket_id not in (one, other)
    assert agent.post(f"{path}/link", data={"how": "parent", "other": number_of(other)}).status_code == 303
    page = agent.get(f"/tickets/{number_of(other)}").text
    assert "one ticket below it" in page
    form = fields(page, "answer") | {
        "text": "It is on again.", "channel": "email", "then": "solved", "children": "yes",
    }  # fmt: skip
    assert agent.post(f"/tickets/{number_of(other)}/answer", data=form).status_code == 303
    care.session.expire_all()
    assert care.session.get_one(Ticket, one).status == "solved"
    assert agent.post(f"{path}/unlink", data={"parent": "yes"}).status_code == 303


def test_an_answer_that_did_not_go_to_all_below_is_sent_again_to_those_alone(
    agent: TestClient, care: Care
) -> None:
    incident, one, other = care.open(), care.open(), care.open(channel="note", direction="note")
    for child in (one, other):
        set_parent(care.session, child, incident, now=care.now)
    path = f"/tickets/{number_of(incident)}"
    form = fields(agent.get(path).text, "answer") | {
        "text": "It is on again.", "channel": "email", "then": "waiting", "children": "yes",
    }  # fmt: skip
    partly = agent.post(f"{path}/answer", data=form, files={"files": ("plan.txt", b"By four.", "text/plain")})
    assert partly.status_code == 409 and "It is on again.</textarea>" in partly.text
    assert f"could not go to {number_of(other)}" in partly.text and "went to 1 below" in partly.text
    assert fields(partly.text, "answer")["form_key"] == form["form_key"]
    again = agent.post(f"{path}/answer", data=form)  # still no way to reach them
    assert again.status_code == 409 and "went to 1 below" in again.text
    care.session.execute(update(Ticket).where(Ticket.id == other).values(channel="email"))
    assert agent.post(f"{path}/answer", data=form).status_code == 303
    answers = select(TicketMessage).where(TicketMessage.direction == "out").order_by(TicketMessage.ticket_id)
    assert [each.ticket_id for each in care.session.scalars(answers)] == [incident, one, other]
    last = care.session.scalars(answers).all()[-1]
    assert [each.name for each in files_on(care.session, last.id)] == ["plan.txt"]
    final = agent.post(f"{path}/answer", data=form)
    assert "twice" in agent.get(final.headers["location"]).text


def test_a_new_ticket_is_opened_once(agent: TestClient, care: Care) -> None:
    page = agent.get(f"/tickets/new?customer_id={care.margaret}").text
    form = fields(page, "new") | {
        "kind": "meter", "channel": "call", "priority": "high", "subject": "It runs fast", "text": "Too fast",
    }  # fmt: skip
    first = agent.post("/tickets/new", data=form)
    again = agent.post("/tickets/new", data=form)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    tickets = care.session.scalars(select(Ticket)).all()
    assert len(tickets) == 1 and tickets[0].customer_id == care.margaret
    assert tickets[0].account_id == care.account
    wrong = agent.post("/tickets/new", data={"customer": "C404", "text": "x", "kind": "other"})
    assert wrong.status_code == 422 and "C404" in wrong.text and ">x</textarea>" in wrong.text
    by_number = {
        "customer": "c2",
        "subject": "s",
        "text": "t",
        "kind": "other",
        "channel": "call",
        "priority": "low",
    }
    assert agent.post("/tickets/new", data=by_number).status_code == 303
    assert care.session.scalars(select(Ticket.customer_id).order_by(Ticket.id.desc())).first() == care.bakery


def test_the_same_on_many_says_what_it_could_not_do(agent: TestClient, care: Care) -> None:
    one, two, gone = care.open(), care.open(priority="high"), care.open()
    merge(care.session, gone, one, now=care.now)
    form = {
        "ask": "all",
        "chosen": [str(one), str(two), str(gone), "999999"],
        "priority": "high",
        "tag": "Storm",
    }
    answer = agent.post("/tickets/many", data=form)
    assert answer.status_code == 303
    page = agent.get(answer.headers["location"]).text
    assert "2 tickets changed." in page and "2 could not be:" in page
    assert f"{number_of(gone)} was merged into {number_of(one)}" in page
    care.session.expire_all()
    assert care.session.get_one(Ticket, two).tags == ["storm"]
    assert agent.post("/tickets/many", data={"ask": "all", "priority": "high"}).status_code == 422
    assert agent.post("/tickets/many", data={"ask": "all", "chosen": [str(one)]}).status_code == 422
    again = agent.post("/tickets/many", data=form)
    page = agent.get(again.headers["location"]).text
    assert "2 were so already." in page and "changed." not in page


def test_who_changes_many_is_told_what_others_changed_since_the_list_was_shown(
    make_client: MakeClient, care: Care
) -> None:
    one, two = care.open(), care.open()
    first, second = make_client("agent", installed=ROOMS), make_client("supervisor", installed=ROOMS)
    boxes = re.findall(r'name="chosen" value="([^"]+)"', second.get("/tickets?ask=all").text)
    assert sorted(boxes) == sorted(f"{each}@{row(care, each).version}" for each in (one, two))
    taken = {"ask": "all", "chosen": [f"{one}@{row(care, one).version}"], "priority": "urgent"}
    assert first.post("/tickets/many", data=taken).status_code == 303
    answer = second.post("/tickets/many", data={"ask": "all", "chosen": boxes, "priority": "low", "tag": "x"})
    page = second.get(answer.headers["location"]).text
    assert "One ticket changed." in page and "One could not be:" in page and number_of(one) in page
    care.session.expire_all()
    assert (row(care, one).priority, row(care, two).priority) == ("urgent", "low")
    assert row(care, one).tags == [] and row(care, two).tags == ["x"]


def test_a_list_is_kept_under_a_name(agent: TestClient, care: Care) -> None:
    care.open(kind="meter", subject="Fast meter")
    care.open()
    kept = agent.post(
        "/tickets/views", data={"ask": "all", "f_kind": "meter", "f_order": "newest", "name": " Meters "}
    )
    assert kept.status_code == 303
    page = agent.get(kept.headers["location"]).text
    assert "Fast meter" in page and "My bill" not in page and "Meters" in page
    view = re.search(r"/tickets/views/(\d+)/drop", page)
    assert view is not None
    assert agent.post(view.group(0)).status_code == 303
    assert agent.post(view.group(0)).status_code == 404
    assert agent.post("/tickets/views", data={"ask": "all", "name": " "}).status_code == 422


def test_a_list_is_narrowed_and_searched(agent: TestClient, care: Care) -> None:
    meter = care.open(kind="meter", subject="Fast meter", text="100% too fast_")
    bill = care.open()
    for query, found in (
        ("kind=meter", [meter]), ("words=too+fast_", [meter]), ("words=100%25+too", [meter]),
        (f"words={number_of(bill).lower()}", [bill]), ("words=Ashdown", [meter, bill]), ("who=me", []),
        ("status=ended", []), ("status=new", [meter, bill]), ("channel=web", []),
        ("priority=huge", [meter, bill]),
    ):  # fmt: skip
        page = agent.get(f"/tickets?ask=all&{query}").text
        shown = [number_of(one) for one in (meter, bill) if f'href="/tickets/{number_of(one)}"' in page]
        assert shown == [number_of(one) for one in found], query


def test_pages_ask_a_constant_number_of_questions(agent: TestClient, care: Care) -> None:
    sent: list[str] = []
    connection = care.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: sent.append(given[2]))

    def asked(path: str) -> int:
        sent.clear()
        assert agent.get(path).status_code == 200
        return len([one for one in sent if "SAVEPOINT" not in one])

    few = care.open()
    link(care.session, few, care.open(), "related", now=care.now)
    counts = [asked("/tickets?ask=all"), asked(f"/tickets/{number_of(few)}")]
    for place in range(12):
        other = care.open(subject=f"Bill {place}")
        add_message(care.session, few, direction="in", text=str(place), channel="email", now=care.now)
        link(care.session, few, other, "related", now=care.now)
    assert [asked("/tickets?ask=all"), asked(f"/tickets/{number_of(few)}")] == counts
    assert counts[0] <= 9 and counts[1] <= 9


def test_who_else_is_here(make_client: MakeClient, agent: TestClient, care: Care) -> None:
    path = f"/tickets/{number_of(care.open())}/here"
    ops = make_client("ops", installed=ROOMS)
    assert agent.post(path, data={"doing": "writing", "seen": "1"}).text.strip() == ""
    assert "Priya Nair is writing" in ops.post(path, data={"doing": "looking", "seen": "1"}).text
    assert "Also here" in agent.post(path, data={"doing": "looking", "seen": "1"}).text
    assert "It changed since you opened it" in ops.post(path, data={"doing": "looking", "seen": "0"}).text
    ops.post(path, data={"doing": "gone", "seen": "1"})
    assert agent.post(path, data={"doing": "looking", "seen": "1"}).text.strip() == ""
    assert agent.post(path, data={"doing": "dancing", "seen": "1"}).status_code == 422


def test_a_marketer_has_no_tickets(make_client: MakeClient, care: Care) -> None:
    client = make_client("marketer", installed=ROOMS)
    ticket = care.open()
    assert client.get("/tickets").status_code == 403
    assert client.get(f"/tickets/{number_of(ticket)}").status_code == 403
    assert client.post(f"/tickets/{number_of(ticket)}/take").status_code == 403
    assert client.post(f"/tickets/{number_of(ticket)}/note", data={"text": "x"}).status_code == 403


def test_a_ticket_is_opened_from_the_customers_page_and_seen_there(agent: TestClient, care: Care) -> None:
    path = f"/customers/{care.margaret}"
    panel = agent.get(f"{path}/acts/n?ask=tickets", headers={"HX-Request": "true"}).text
    form = fields(panel, "act-new") | {"subject": "It hums", "text": "The meter hums", "kind": "meter",
                                       "channel": "call", "priority": "normal"}  # fmt: skip
    wrong = agent.post("/tickets/new", data=form | {"subject": ""})
    assert wrong.status_code == 422 and ">The meter hums</textarea>" in wrong.text
    assert "What is open for me?" in wrong.text  # it comes back below the strip of their page
    done = agent.post("/tickets/new", data=form)
    assert done.status_code == 303 and done.headers["location"].startswith(path)
    page = agent.get(f"{path}?ask=tickets").text
    assert "It hums" in page and "Open tickets" in page and "One matter of yours is open with us" in page
    number = re.search(r"T-\d{5}", page)
    assert number is not None
    ticket = f"/tickets/{number.group(0)}"
    for typed in (number.group(0).lower(), f"%23{number.group(0)[2:]}", number.group(0)[2:]):
        assert agent.get(f"/customers?q={typed}").headers["location"] == ticket, typed
        found = agent.get(f"/customers/found?q={typed}", headers={"HX-Request": "true"}).text
        assert found.index(f'data-href="{ticket}"') < found.index(f'data-href="{path}"'), typed


def test_a_ticket_of_nobody_has_nobodys_account(agent: TestClient, care: Care) -> None:
    """An account's number is its customer's: it is not to be had by its id alone."""
    form = fields(agent.get("/tickets/new").text, "new") | {
        "subject": "x", "text": "y", "kind": "other", "channel": "call", "priority": "normal",
        "account_id": str(care.account),
    }  # fmt: skip
    refused = agent.post("/tickets/new", data=form | {"customer": ""})
    assert refused.status_code == 404 or "This account is not theirs." in refused.text
    assert care.session.scalars(select(Ticket.id)).all() == []
    assert agent.post("/tickets/new", data=form | {"customer": "C1"}).status_code == 303


def test_another_note_from_the_same_form_is_kept_too(agent: TestClient, care: Care) -> None:
    path = f"/tickets/{number_of(care.open())}"
    form = fields(agent.get(path).text, "note")
    for words in ("one", "quite another", "one"):
        assert agent.post(f"{path}/note", data=form | {"text": words}).status_code == 303
    kept = select(TicketMessage.text).where(TicketMessage.direction == "note").order_by(TicketMessage.id)
    assert care.session.scalars(kept).all() == ["one", "quite another"]


def test_an_answer_to_all_below_reaches_those_alone_whom_one_may_see(agent: TestClient, care: Care) -> None:
    """Neither another team's ticket nor one of another area is written on by answering the incident above."""
    incident, mine = care.open(customer_id=None, sender="a@post.example"), care.open(customer_id=None)
    teams, areas = care.open(customer_id=None), care.open(customer_id=care.bakery)
    care.session.execute(update(Ticket).where(Ticket.id == teams).values(team_id=care.team))
    for child in (mine, teams, areas):
        set_parent(care.session, child, incident, now=care.now)
    moorside = NetworkNode(code="M", name="Moorside", kind="area")
    care.session.add(moorside)
    care.session.flush()
    care.session.execute(update(User).where(User.login == "agent.en").values(area_ids=[moorside.id]))
    path = f"/tickets/{number_of(incident)}"
    form = fields(agent.get(path).text, "answer") | {
        "text": "It is on again.", "channel": "email", "then": "solved", "children": "yes",
    }  # fmt: skip
    assert agent.post(f"{path}/answer", data=form).status_code == 303
    answered = select(TicketMessage.ticket_id).where(TicketMessage.direction == "out")
    assert set(care.session.scalars(answered)) == {incident, mine}
    care.session.expire_all()
    assert {row(care, one).status for one in (teams, areas)} == {"new"}
    assert "2 more below it are of other teams or areas" in agent.get(path).text
