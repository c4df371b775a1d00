"""The pages of records: a file dropped, read otherwise, tried, taken, reckoned up, taken back."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Contact, ContactPoint
from utility_crm.records import pages
from utility_crm.records.jobs import forget, work
from utility_crm.web.visit import present

FILE = """№;Клиент;Дата;Канал;Текст
1;C100001;03/04/2026;Звонок;Спросила о счёте
2;C100003;05/06/2026;Голубь;Прилетел
3;C999999;05/06/2026;Звонок;Никого
"""
BLANK = {"kind": "contacts", "source": "", "encoding": "", "delimiter": "", "sheet": ""}


@pytest.fixture
def ops(make_client: MakeClient, people: People) -> TestClient:
    return make_client("ops")


def dropped(client: TestClient, content: bytes) -> str:
    done = client.post(
        "/records", data=BLANK | {"source": "old desk"}, files={"file": ("calls.csv", content)}
    )
    assert done.status_code == 303, re.findall(r'class="st bad">([^<]+)', done.text)
    return str(done.headers["location"].partition("?")[0])


def typed_of(page: str) -> dict[str, str]:
    """The form of the columns as it stands on the page."""
    form = page[page.index('id="form-mapping"') : page.index("</form>", page.index('id="form-mapping"'))]
    found = dict(re.findall(r'<input class="in"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form))
    for name, options in re.findall(r'<select class="in"[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found


def confirmed(client: TestClient, path: str) -> str:
    asked = client.post(path)
    assert asked.status_code == 200, asked.text[:500]
    sure = re.search(r'name="sure" value="(\w+)"', asked.text)
    assert sure
    assert client.post(path, data={"sure": sure[1]}).status_code == 303
    return asked.text


def kept(session: Session, words: str) -> int | None:
    return session.scalar(select(Contact.id).where(Contact.note == words))


def test_from_the_drop_to_the_books_and_back(session: Session, ops: TestClient) -> None:
    assert "Nothing was brought over yet." in ops.get("/records").text
    path = dropped(ops, FILE.encode("cp1251"))
    page = ops.get(path).text
    assert "One thing only you can say." in page and "cp1251" in page
    typed = typed_of(page)
    assert typed["column-customer"] == "Клиент" and typed["dates-at"] == ""
    assert typed["value-channel-1"] == "call" and typed["value-channel-0"] == ""

    refused = ops.post(f"{path}/mapping", data=typed)
    assert refused.status_code == 422 and "“03/04/2026” may be read in two ways: say which." in refused.text
    tried = ops.post(f"{path}/mapping", data=typed | {"dates-at": "dmy", "value-channel-0": "letter"})
    assert tried.headers["location"] == f"{path}?ask=report"
    page = ops.get(path, params={"ask": "report"}).text
    assert "Of 3 rows 2 would be new, 0 changed, 0 the same, 1 refused." in page
    assert "Nobody here is customer C999999." in ops.get(path, params={"ask": "refused"}).text
    assert kept(session, "Прилетел") is None

    assert "2 rows are taken, one is refused." in confirmed(ops, f"{path}/take")
    at = session.scalar(select(Contact.at).where(Contact.note == "Прилетел", Contact.channel == "letter"))
    assert at is not None and at.isoformat() == "2026-06-04T23:00:00+00:00"  # midnight of London's summer
    assert ops.post(f"{path}/take").status_code == 409
    assert "Yes: every row has one fate" in ops.get(path, params={"ask": "sums"}).text
    lines = ops.get(f"{path}/refused.csv").content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("3;C999999;05/06/2026;Звонок;Никого;")
    assert "rows;;;3;;2;0;0;1;;" in ops.get(f"{path}/report.csv").text
    assert json.loads(ops.get(f"{path}/mapping.json").content)["dates"] == {"at": "dmy"}

    assert "Yes: nothing was built on it." in ops.get(path, params={"ask": "undo"}).text
    assert "2 records go" in confirmed(ops, f"{path}/undo")
    assert kept(session, "Прилетел") is None
    assert "It was taken back." in ops.get(path, params={"ask": "undo"}).text


def test_what_is_no_table_comes_back_beside_its_field(ops: TestClient) -> None:
    def said(source: str, name: str, content: bytes, told: bytes = b"", **more: str) -> str:
        files = {"file": (name, content)} | ({"map": ("m.toml", told)} if told else {})
        back = ops.post("/records", data=BLANK | {"source": source} | more, files=files)
        assert back.status_code == 422
        return back.text

    assert "Name the system the file comes from." in said("", "x.csv", b"a")
    old = bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 99
    assert "workbook of Excel 97-2003" in said("s", "x.xls", old)
    assert "line 1 cannot be read as such" in said("s", "x.csv", FILE.encode("cp1251"), encoding="utf-8")
    assert "has no column When" in said("s", "x.csv", FILE.encode(), b"[columns]\nat = 'When'")
    assert "Nothing was brought over yet." in ops.get("/records").text


def test_a_large_file_is_the_clocks(
    session: Session, ops: TestClient, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 2)
    path = dropped(ops, FILE.replace("03/04/", "03/14/").replace("05/06/", "05/16/").encode())
    typed = typed_of(ops.get(path).text)
    assert typed["dates-at"] == "mdy"
    assert ops.post(f"{path}/mapping", data=typed).status_code == 303
    waiting = ops.get(path, params={"ask": "report"}).text
    assert "The clock works on it; this page follows." in waiting and 'hx-trigger="every 3s"' in waiting
    work(session, present())
    assert "Of 3 rows 1 would be new" in ops.get(path, params={"ask": "report"}).text
    confirmed(ops, f"{path}/take")
    assert kept(session, "Спросила о счёте") is None
    work(session, present())
    assert kept(session, "Спросила о счёте") is not None
    assert session.scalar(text("select count(*) from record_imports where wanted <> ''")) == 0
    confirmed(make_client("ops", language="ru"), f"{path}/undo")
    work(session, present())
    assert kept(session, "Спросила о счёте") is None
    who = session.execute(text("select made_by, taken_by, undone_by from record_imports")).one()
    assert who.made_by == who.taken_by and who.undone_by not in (None, who.taken_by)


def test_a_file_is_forgotten_by_hand_and_by_the_clock(session: Session, ops: TestClient) -> None:
    path = dropped(ops, FILE.encode())
    assert ops.post(f"{path}/drop").status_code == 303
    assert ops.get(path).status_code == 404
    path = dropped(ops, FILE.encode())
    session.execute(text("update record_imports set made_at = made_at - interval '31 days'"))
    forget(session, present())
    assert ops.get(path).status_code == 404
    assert session.scalar(text("select count(*) from record_rows")) == 0


def test_phones_and_mails_on_file_are_put_right_in_batches(
    session: Session, ops: TestClient, people: People
) -> None:
    points = [
        ("phone", "tel. 07700 900555 (mornings)", "07700900555"), ("phone", "call Zoë", "call zoë"),
        ("phone", "07700 900111 / 07700 900222", "x"), ("email", "<Jo@Mail.Example>", "<jo@mail.example>"),
        ("phone", "07700-900-555", "07700-900-555"), ("email", "jo(at)mail", "jo(at)mail"),
    ]  # fmt: skip
    for kind, value, normal in points:
        session.add(ContactPoint(customer_id=people.joseph, kind=kind, value=value, normal=normal))
    session.flush()
    assert ops.post("/records/ways/look").status_code == 303
    page = ops.get("/records/ways").text
    assert "+44 7700 900555" in page and "Jo@mail.example" in page
    unread = ops.get("/records/ways", params={"ask": "cannot"}).text
    assert unread.count("Joseph Okafor") == 3 and "more than one number" in unread
    asked = confirmed(ops, "/records/ways/mend")
    assert "4 ways to reach are put right; one was there twice and goes." in asked
    found = session.execute(
        select(ContactPoint.value, ContactPoint.normal).where(ContactPoint.customer_id == people.joseph)
        .order_by(ContactPoint.id)
    ).all()  # fmt: skip
    assert ("+44 7700 900555", "+447700900555") in found and ("Jo@mail.example", "jo@mail.example") in found
    assert len(found) == 5
    notes = session.execute(
        text("select before, after from audit_log where kind = 'detail' and customer_id = :id order by id"),
        {"id": people.joseph},
    ).all()
    assert notes[0].before == {"value": "tel. 07700 900555 (mornings)"}
    assert notes[0].after == {"value": "+44 7700 900555"}
    assert ops.post("/records/ways/mend").status_code == 303
    ops.post("/records/ways/look")
    assert "All that can be read are in normal form." in ops.get("/records/ways").text


def test_what_is_typed_is_normal_as_it_comes_in(
    session: Session, ops: TestClient, make_client: MakeClient, people: People
) -> None:
    agent = make_client("agent")
    for kind, value in (("phone", "07700 900777"), ("email", "Joe@MAIL.example")):
        done = agent.post(f"/customers/{people.joseph}/reach", data={"kind": kind, "value": value})
        assert done.status_code == 303
    found = session.scalars(
        select(ContactPoint.value).where(ContactPoint.customer_id == people.joseph).order_by(ContactPoint.id)
    ).all()
    assert found == ["+44 7700 900777", "Joe@mail.example"]
    ops.post("/records/ways/look")
    theirs = "select count(*) from contact_point_checks c join contact_points p on p.id = c.point_id"
    assert session.scalar(text(f"{theirs} where p.customer_id = :id"), {"id": people.joseph}) == 0


def test_in_russian_and_not_for_agents(make_client: MakeClient, people: People) -> None:
    client = make_client("ops", language="ru")
    path = dropped(client, FILE.encode())
    assert "Наши поля, их столбцы" in client.get(path).text
    assert "С кем можно связаться?" in client.get("/records").text
    assert make_client("agent").get("/records").status_code == 403
