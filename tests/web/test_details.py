"""What we know of a customer is changed on their page with a reason, and who changed what stays."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People

HX = {"HX-Request": "true"}


def form_of(client: TestClient, path: str) -> dict[str, str]:
    page = client.get(f"{path}?ask=details").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    return {
        "seen": seen[1], "name": "Margaret Ashdown", "language": "en", "segment": "household",
        "preferred_channel": "", "why": "she said so",
    }  # fmt: skip


def told(client: TestClient, address: str) -> str:
    """What the timeline says, without its marks."""
    return re.sub(r"<[^>]+>", "", client.get(address, headers=HX).text)


def test_a_name_and_wishes_are_kept_with_before_and_after_and_why(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    form = form_of(client, path) | {"name": "Margaret Ashdown-Lee", "preferred_channel": "call"}
    without = client.post(f"{path}/details", data=form | {"why": " "})
    assert without.status_code == 422 and "Say why, or how we know." in without.text
    assert "Margaret Ashdown-Lee" in without.text
    kept = client.post(f"{path}/details", data={**form, "times": ["evening", "morning"]})
    assert kept.status_code == 303
    page = client.get(f"{path}?ask=details").text
    assert "best by call: morning, evening. Is that still right?" in page
    assert "<del>Margaret Ashdown</del> → <ins>Margaret Ashdown-Lee</ins>" in page
    assert "she said so" in page and "Priya Nair" in page
    timeline = told(client, f"{path}/timeline?shown=Changes")
    assert "Changed: their details" in timeline and "she said so" in timeline
    again = client.post(f"{path}/details", data={**form_of(client, path), **form, "times": ["evening"]})
    assert again.status_code == 409 and "Somebody changed this meanwhile" in again.text
    row = session.execute(text("select before, after from audit_log where what = 'their details'")).one()
    assert row.before["name"] == "Margaret Ashdown" and "language" not in row.before
    assert row.after["why"] == "she said so"


def test_another_name_and_another_segment_are_asked_back(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    form = form_of(client, path) | {"name": "Robert Field", "segment": "small_business"}
    asked = client.post(f"{path}/details", data=form)
    assert asked.status_code == 200 and "is it somebody else" in asked.text and "by the segment" in asked.text
    name = text("select name from customers where id = :id")
    assert session.scalar(name, {"id": people.margaret}) == "Margaret Ashdown"
    token = re.search(r'name="sure" value="(\w+)"', asked.text)
    assert token is not None
    assert client.post(f"{path}/details", data=form | {"sure": token[1]}).status_code == 303
    assert session.scalar(name, {"id": people.margaret}) == "Robert Field"


def care_seen(client: TestClient, path: str, flag: str) -> str:
    """What the form of this mark carries."""
    page = client.get(f"{path}?ask=details").text
    (form,) = re.findall(rf'action="{path}/care/{flag}"(.*?)</form>', page, flags=re.DOTALL)
    (seen,) = re.findall(r'name="seen" value="(\w*)"', form)
    return str(seen)


def test_an_old_form_takes_away_no_mark_of_care(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.joseph}"
    form = {"detail": "", "review_on": "2027-11-20", "why": "he told us", "agreed": "yes"}
    before = care_seen(client, path, "needs")
    assert before == ""
    first = form | {"kinds": ["large print"], "seen": before}
    assert client.post(f"{path}/care/needs", data=first).status_code == 303
    old = care_seen(client, path, "needs")
    more = form | {"kinds": ["large print", "interpreter"], "seen": old}
    assert client.post(f"{path}/care/needs", data=more).status_code == 303
    kept = text("select kinds from customer_flags where customer_id = :id and kind = 'needs'")
    for late in (first, form | {"kinds": ["large print"], "review_on": "2027-12-01", "seen": old}):
        refused = client.post(f"{path}/care/needs", data=late)
        assert refused.status_code == 409 and "Somebody changed this meanwhile" in refused.text
    assert client.post(f"{path}/care/needs/end", data={"why": "x", "seen": old}).status_code == 409
    assert session.scalar(kept, {"id": people.joseph}) == ["large print", "interpreter"]


def test_care_is_kept_with_consent_kinds_and_a_day_and_ended_with_a_reason(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.joseph}"
    form = {
        "kinds": ["dialysis or feeding pump"],
        "detail": "",
        "review_on": "2027-11-20",
        "why": "he told us",
    }
    for wrong, said in (
        ({}, "It is kept only where they agree"),
        ({"agreed": "yes", "why": ""}, "Say why"),
        ({"agreed": "yes", "kinds": []}, "Tick what it is"),
        ({"agreed": "yes", "kinds": ["made up"]}, "Choose one of what is offered"),
        ({"agreed": "yes", "review_on": "2026-11-20"}, "asked for again from tomorrow"),
    ):
        answer = client.post(f"{path}/care/medical", data=form | wrong)
        assert answer.status_code == 422 and said in answer.text, said
    assert client.post(f"{path}/care/medical", data=form | {"agreed": "yes"}).status_code == 303
    page = client.get(path).text
    assert "Medical need" in page and "dialysis or feeding pump" in page
    needs = form | {"kinds": ["large print", "interpreter"], "agreed": "yes"}
    assert client.post(f"{path}/care/needs", data=needs).status_code == 303
    medical = care_seen(client, path, "medical")
    later = form | {"review_on": "2028-01-31", "seen": medical}  # the same kinds: their consent is known
    assert client.post(f"{path}/care/medical", data=later).status_code == 303
    flags = session.execute(
        text("select kind, review_on::text from customer_flags where customer_id = :id order by kind"),
        {"id": people.joseph},
    ).all()
    assert [tuple(one) for one in flags] == [("medical", "2028-01-31"), ("needs", "2027-11-20")]
    medical = care_seen(client, path, "medical")
    end = {"why": "he moved", "seen": medical}
    assert client.post(f"{path}/care/medical/end", data=end | {"why": ""}).status_code == 422
    assert client.post(f"{path}/care/medical/end", data=end).status_code == 303
    assert client.post(f"{path}/care/medical/end", data={"why": "again"}).status_code == 409
    page = client.get(f"{path}?ask=details").text
    assert "<del>dialysis or feeding pump</del>" in page and "he moved" in page
    assert "interpreter" in page


@pytest.mark.usefixtures("verification")
def test_before_the_caller_is_known_nothing_is_changed_and_no_value_of_before_is_seen(
    session: Session, make_client: MakeClient, people: People
) -> None:
    session.execute(
        text(
            "insert into audit_log (at, kind, what, customer_id, before, after) values (now(), 'detail', "
            '\'way to reach\', :id, \'{"value": "0161 4960999"}\', \'{"why": "her daughter Ann"}\')'
        ),
        {"id": people.margaret},
    )
    session.execute(
        text("update customer_flags set kinds = '{ventilator}' where customer_id = :id"),
        {"id": people.margaret},
    )
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    page = client.get(f"{path}?ask=details").text
    assert "way to reach" in page and "What is masked cannot be changed." in page
    assert not any(raw in page for raw in ("4960999", "daughter", "ventilator", 'name="seen"'))
    refused = client.post(f"{path}/details", data={"name": "X", "language": "en", "segment": "household"})
    assert refused.status_code == 409


def test_who_does_not_change_contacts_changes_no_details(make_client: MakeClient, people: People) -> None:
    client, path = make_client("marketer", installed=[]), f"/customers/{people.margaret}"
    assert client.post(f"{path}/details", data={"name": "X"}).status_code == 403
    assert client.post(f"{path}/care/needs", data={}).status_code == 403


def test_the_timeline_has_verifications_relations_and_merges(
    session: Session, make_client: MakeClient, people: People
) -> None:
    values = {"id": people.margaret, "user": session.scalar(text("select min(id) from users"))}
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}"
    values["user"] = session.scalar(text("select id from users where login = 'agent.en'"))
    for statement in (
        "insert into verifications (customer_id, by_user, at, how, asked, passed, until) values "
        "(:id, :user, '2026-11-19 09:00Z', 'answers', '{postcode,account}', true, '2026-11-19 09:30Z'), "
        "(:id, :user, '2026-11-18 09:00Z', 'answers', '{postcode}', false, null)",
        "insert into verifications (customer_id, by_user, at, how, passed, reason, until) values "
        "(:id, :user, '2026-11-17 09:00Z', 'reason', true, 'a letter', '2026-11-17 09:30Z')",
        "insert into relations (customer_id, name, kind, starts_on, proof, noted_at, noted_by, ended_at) "
        "values (:id, 'Daniel Example', 'guardian', '2026-01-01', 'court', '2026-11-01 09:00Z', :user, "
        "'2026-11-16 09:00Z')",
        "insert into audit_log (at, kind, what, customer_id, after) values ('2026-11-15 09:00Z', 'detail', "
        '\'merged with\', :id, \'{"customer": "C100999", "moved": {}}\')',
        "insert into audit_log (at, kind, what, customer_id, after) values ('2026-11-14 09:00Z', 'detail', "
        "'promise', :id, '{}')",
    ):
        session.execute(text(statement), values)
    line = told(client, f"{path}/timeline")
    expected = (
        "Caller verified", "Caller not verified", "Personal data shown", "Noted: guardian",
        "Ended: guardian", "Merged with C100999", "Daniel Example",
    )  # fmt: skip
    for words in expected:
        assert words in line, words
    assert "promise" not in line
    only = client.get(f"{path}/timeline?shown=Verified", headers=HX).text
    assert only.count("<li data-kind") == 3
