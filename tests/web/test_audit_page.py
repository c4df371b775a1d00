"""The page of the audit log: found by person, customer, kind and day; taken along as a file."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient, make_user
from utility_crm.audit.asking import Asking, asking_of
from utility_crm.audit.words import EVENTS, KINDS
from utility_crm.auth.events import EVENTS as AT_THE_DOOR
from utility_crm.auth.tables import AuditRow
from utility_crm.customers.care import CARE
from utility_crm.customers.parties import RELATION
from utility_crm.customers.reach import WAY

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


def put(session: Session, at: datetime = NOW, **given: object) -> None:
    row = {"kind": "view", "what": "GET /customers/{customer_id}", "subject_kind": "customer"} | given
    session.execute(insert(AuditRow).values(at=at, **row))


def names(page: str) -> str:
    """What stands in the tables."""
    return page[page.index('id="rows"') :]


def test_who_saw_this_customer(session, make_client: MakeClient, people) -> None:
    client, owen = make_client("supervisor"), make_user(session, "ops", name="Owen Marsh")
    put(session, NOW - timedelta(hours=2), user_id=owen.id, customer_id=people.margaret)
    put(session, NOW - timedelta(hours=1), user_id=owen.id, customer_id=people.margaret, outcome="refused")
    put(session, user_id=owen.id, customer_id=people.joseph)
    for typed in ("C100001", "c100001", "4100 227815", "margaret ashdown"):
        page = client.get("/audit", params={"ask": "saw", "q": typed}).text
        assert "One person or machine opened Margaret Ashdown" in page, typed
        assert page.count("Owen Marsh</a>") == 1 and "Joseph" not in names(page)
    assert client.get("/audit", params={"ask": "saw", "q": "C100002"}).text.count("Nobody opened") == 1
    nobody = client.get("/audit", params={"ask": "saw", "q": "C999"}).text
    assert "No customer has the number or the name “C999”" in nobody and "Owen" not in names(nobody)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({}, "vcrd"),
        ({"ask": "changed"}, "cd"),
        ({"ask": "refused"}, "r"),
        ({"person": "ops.en"}, "cr"),
        ({"person": "nobody"}, ""),
        ({"q": "C100003"}, "d"),
        ({"since": "2026-11-20"}, "crd"),
        ({"until": "2026-11-19"}, "v"),
        ({"since": "no day", "ask": "no question"}, "vcrd"),
    ],
)
def test_rows_by_question_person_customer_and_day(
    session, make_client: MakeClient, people, asked, seen
) -> None:
    client, owen = make_client("supervisor"), make_user(session, "ops", name="Owen Marsh")
    put(session, datetime(2026, 11, 19, 23, 59, tzinfo=UTC), subject_kind="bill", subject="BILL-V")
    put(session, datetime(2026, 11, 20, 0, 0, tzinfo=UTC), kind="change", subject_kind="bill",
        subject="BILL-C", user_id=owen.id)  # fmt: skip
    put(session, outcome="refused", subject_kind="bill", subject="BILL-R", user_id=owen.id)
    put(session, kind="detail", what="way to reach", customer_id=people.joseph, subject_kind="",
        before={"value": "BILL-D"}, after=None)  # fmt: skip
    page = names(client.get("/audit", params=asked).text)
    assert {letter for letter in "vcrd" if f"BILL-{letter.upper()}" in page} == set(seen)


def test_older_rows_follow_without_a_gap(session, make_client: MakeClient) -> None:
    client = make_client("admin")
    for number in range(230):
        put(session, NOW - timedelta(seconds=number // 3), subject_kind="bill", subject=f"N{number:03}")
    address, found = "/audit", []
    while address:
        page = client.get(address).text
        found += [part[:4] for part in page.split("bill N")[1:]]
        more = page.find('class="more-rows"')
        address = page[more:].split('href="')[1].split('"')[0].replace("&amp;", "&") if more > 0 else ""
    numbers = [int(one[:3]) for one in found if one[:3].isdigit()]
    assert sorted(numbers) == list(range(230))


def test_the_file_has_the_same_rows_and_no_formula(session, make_client: MakeClient, people) -> None:
    client = make_client("supervisor")
    put(session, customer_id=people.margaret, subject="=1+1", subject_kind="bill")
    answer = client.get("/audit.csv", params={"q": "C100001"})
    assert answer.headers["content-disposition"] == "attachment; filename=audit-all.csv"
    [row] = csv.DictReader(StringIO(answer.text))
    assert (row["customer"], row["subject"], row["kind"]) == ("C100001", "'=1+1", "view")
    last = session.execute(select(AuditRow.kind, AuditRow.what).order_by(AuditRow.id.desc())).first()
    assert last == ("export", "GET /audit.csv")


def test_values_are_for_who_may_see_them(session, make_client: MakeClient, people, monkeypatch) -> None:
    put(session, kind="detail", what="way to reach", customer_id=people.margaret,
        before={"value": "07700 900418"}, after={"value": "07700 900419", "iban": "GB33BUKB"})  # fmt: skip
    client = make_client("supervisor")
    page = client.get("/audit", params={"ask": "changed"}).text
    assert "value: 07700 900418" in page and "iban: GB33BUKB, value: 07700 900419" in page
    monkeypatch.setattr("utility_crm.auth.queries.may", lambda _role, name: name != "payment_data.see")
    page = client.get("/audit", params={"ask": "changed"}).text
    assert "value: 07700 900419" in page and "GB33" not in page
    monkeypatch.setattr("utility_crm.auth.queries.may", lambda _role, name: name != "personal.see")
    assert "07700 9004" not in names(client.get("/audit", params={"ask": "changed"}).text)
    assert "07700 9004" not in client.get("/audit.csv", params={"ask": "changed"}).text


def test_agents_have_no_business_here(make_client: MakeClient, people) -> None:
    client = make_client("agent")
    assert client.get("/audit").status_code == client.get("/audit.csv").status_code == 403


def test_a_question_is_asked_again_by_its_address() -> None:
    asked = Asking("saw", "C1", "owen", date(2026, 11, 1), date(2026, 11, 2))
    params = dict(part.split("=") for part in asked.address().partition("?")[2].split("&"))
    assert asking_of(params) == asked
    assert asking_of({"before": f"{NOW.isoformat()}_7"}).before == (NOW, 7)
    for wrong in ("", "x", f"{NOW.isoformat()}_x", "2026-11-20T14:42:00_7", f"{NOW.isoformat()}_{'9' * 30}"):
        assert asking_of({"before": wrong}).before is None


def test_every_kind_and_event_has_its_words() -> None:
    assert set(AT_THE_DOOR) <= set(EVENTS)
    kinds = {"view", "search", "export", "change", "detail", "sign_in", "kept"}
    assert {kind for kind, _ in KINDS} == kinds


@pytest.mark.usefixtures("verification")
def test_what_callers_are_asked_is_covered_in_the_log_and_its_file(session, make_client, people) -> None:
    client, who = make_client("supervisor"), people.margaret
    way = {"kind": "phone", "label": "work, or m.ashdown@mail.example", "value": "+447700900418"}
    care = {"kind": "medical", "kinds": ["oxygen concentrator"], "detail": "at night", "why": "she said so"}
    put(session, kind="detail", what=WAY, customer_id=who, after=way)
    put(session, kind="detail", what=CARE, customer_id=who, before=care)
    put(
        session,
        kind="detail",
        what=RELATION,
        customer_id=who,
        after={"kind": "speaks_for", "name": "A. Nkemelu"},
    )
    put(session, kind="change", customer_id=who, after={"said": "Reached at m.ashdown@mail.example."})
    for typed in ("14 Tannery Row", "m.ashdown@mail.example", "C100001 KB4 2TN"):
        put(session, kind="search", what="GET /customers/found", subject_kind="", subject=typed)
    told = ("m.ashdown@mail", "7700900418", "oxygen", "at night", "Nkemelu", "14 Tannery", "KB4", "2TN")
    for path in ("/audit?ask=all", "/audit.csv?ask=all"):
        page = client.get(path).text
        assert [one for one in told if one in page] == []
        for seen in ("she said so", "Tannery Row", "C100001", "Reached at •••", "+44•• ••• 418"):
            assert seen in page, (path, seen)
