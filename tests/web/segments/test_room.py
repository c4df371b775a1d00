"""The room of segments: built, saved, looked at from every side, taken out."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.db.segments.conftest import House, built
from tests.web.conftest import MakeClient
from utility_crm.auth.tables import AuditRow, User
from utility_crm.segments.actions import save_segment
from utility_crm.segments.domain.tree import And, Leaf, Not
from utility_crm.segments.facts import keep_fact
from utility_crm.segments.members import members_of
from utility_crm.segments.tables import Segment

STEADY = Leaf("tariff", "any_of", ("steady",))
FIELDS = [
    ("item", "1"), ("fact.1", "tariff"), ("op.1", "any_of"), ("in.1", "steady"),
    ("item", "g2"), ("item", "g2.3"), ("fact.g2.3", "customer_kind"), ("op.g2.3", "any_of"),
    ("in.g2.3", "small_business"), ("item", "g2.4"), ("fact.g2.4", "area"), ("op.g2.4", "any_of"),
    ("in.g2.4", "K"), ("item", "5"), ("fact.5", "needs_care"),
]  # fmt: skip


@pytest.fixture
def house(session: Session) -> House:
    return built(session, 40)


@pytest.fixture
def made(session: Session, house: House, now) -> int:
    return save_segment(session, "On Steady", STEADY, now, by=None)


def test_each_change_counts(make_client: MakeClient, house) -> None:
    client = make_client("marketer")
    page = client.get("/segments/new", params=FIELDS).text
    assert "13 customers of 40 fit." in page
    assert (
        "Read back: Tariff is Steady and (Household or business is small business or Area is Kelder)" in page
    )
    assert page.count('href="/customers/') >= 10
    part = client.get("/segments/new", params=FIELDS[:4], headers={"HX-Request": "true"})
    assert "20 customers of 40 fit." in part.text and "<html" not in part.text


def test_a_button_is_pressed_once(make_client: MakeClient, house) -> None:
    client = make_client("marketer")
    pressed = client.get("/segments/new", params=[*FIELDS[:4], ("do", "add")])
    assert pressed.status_code == 303
    address = pressed.headers["location"]
    assert "do" not in parse_qs(urlsplit(address).query)
    assert client.get(address).text.count("counts for nothing yet</span>") == 1
    swapped = client.get("/segments/new", params=[*FIELDS[:4], ("do", "add")], headers={"HX-Request": "true"})
    assert swapped.headers["HX-Push-Url"] == address
    assert swapped.text.count("counts for nothing yet</span>") == 1


def test_saved_as_it_was_built(make_client: MakeClient, session: Session, house: House, now) -> None:
    client = make_client("marketer")
    page = client.get("/segments/new", params=FIELDS).text
    found = re.search(r'name="tree" value="([^"]+)"', page)
    assert found is not None
    tree = found[1].replace("&#34;", '"')
    answer = client.post("/segments", data={"tree": tree, "name": "Asked", "of": "", "once": "1"})
    assert answer.status_code == 303
    row = session.scalars(select(Segment)).one()
    assert answer.headers["location"] == f"/segments/{row.id}"
    assert (row.name, row.size) == ("Asked", 13) and len(members_of(session, row.id, now=now)) == 13
    assert "Asked" in client.get("/segments").text


def test_what_is_not_finished_is_not_kept(make_client: MakeClient, house) -> None:
    """Or a segment would be saved, or a campaign made, of fewer conditions than are on the screen."""
    client = make_client("marketer")
    page = client.get("/segments/new", params=[*FIELDS, ("item", "9"), ("fact.9", "open_complaint")]).text
    assert "count for nothing yet" not in page and 'name="tree"' in page
    page = client.get("/segments/new", params=[*FIELDS, ("item", "9"), ("fact.9", "overdue")]).text
    assert page.count("One condition counts for nothing yet.") == 2
    assert 'name="tree"' not in page and "/campaigns?ask=new" not in page
    page = client.get("/segments/new", params=[*FIELDS, ("item", "9"), ("item", "10")]).text
    assert "2 conditions count for nothing yet." in page and 'name="tree"' not in page


def test_a_taken_name_comes_back_with_the_rows(make_client: MakeClient, made: int) -> None:
    client = make_client("marketer")
    tree = json.dumps({"and": [{"fact": "tariff", "op": "any_of", "values": ["steady"]}]})
    refused = client.post("/segments", data={"tree": tree, "name": "on steady", "of": "", "once": "1"})
    assert refused.status_code == 409
    assert "There is a segment of this name." in refused.text and 'value="on steady"' in refused.text
    assert 'name="fact.1"' in refused.text


def test_a_number_that_is_none_names_no_segment(make_client: MakeClient, made: int) -> None:
    client = make_client("marketer")
    assert client.get("/segments/new", params={"of": "²"}).status_code == 200
    assert client.post("/segments", data={"name": "", "tree": '{"and":[]}', "of": "²"}).status_code == 422


@pytest.mark.parametrize(
    "tree", ["", "[", "{}", '{"fact": "shoe", "op": "known"}', '{"fact":"needs_care","op":"yes"}']
)
def test_a_question_that_cannot_be_read_is_refused(make_client: MakeClient, house, tree: str) -> None:
    answer = make_client("marketer").post("/segments", data={"tree": tree, "name": "x", "once": "1"})
    assert answer.status_code == 422


@pytest.mark.parametrize("ask", ["who", "grew", "parts", "shared", "change"])
def test_every_question_of_one(make_client: MakeClient, session: Session, made: int, now, ask: str) -> None:
    save_segment(session, "Not on Steady", And((Not(STEADY),)), now, by=None)
    client = make_client("marketer")
    page = client.get(f"/segments/{made}", params={"ask": ask})
    assert page.status_code == 200 and "On Steady" in page.text


def test_a_fact_that_was_not_worked_out_in_time_is_said(
    make_client: MakeClient, session: Session, house: House, now
) -> None:
    saves = Leaf("saving_on", "above", (0,), "day-night")
    made = save_segment(session, "Would save", saves, now, by=None)
    address = "/segments/new?item=1&fact.1=saving_on&of.1=day-night&op.1=above&a.1=0"
    pages = (f"/segments/{made}", address, "/segments?ask=fresh")
    client = make_client("marketer")
    assert (
        "not worked out yet" in client.get(pages[0]).text and "not worked out yet" in client.get(address).text
    )
    for days, said in ((0, False), (3, True)):
        keep_fact(session, "saving_on", "day-night", {house.ids[1]: 500}, now - timedelta(days=days))
        for page in pages:
            assert ("not in time" in client.get(page).text) == said, page
    assert "One customer fits today." in client.get(pages[0]).text


def test_figures_of_a_thousand_are_set_as_such(make_client: MakeClient, session: Session, now) -> None:
    built(session, 1001)
    made = save_segment(session, "Everybody", And(()), now, by=None)
    client = make_client("marketer")
    assert "1,001 customers of 1,001 fit." in client.get("/segments/new").text
    assert "1,001 customers fit today." in client.get(f"/segments/{made}").text


@pytest.mark.parametrize("ask", ["all", "shared", "fresh", "new"])
def test_every_question_of_the_room(make_client: MakeClient, made: int, ask: str) -> None:
    assert make_client("marketer").get("/segments", params={"ask": ask}).status_code == 200


def test_whom_two_share(make_client: MakeClient, session: Session, made: int, now) -> None:
    business = Leaf("customer_kind", "any_of", ("small_business",))
    other = save_segment(session, "Business", business, now, by=None)
    page = make_client("marketer").get(f"/segments?ask=shared&with={made}&with={other}").text
    assert "“Business” and “On Steady” share 10 customers." in page


def test_renamed_frozen_deleted_with_a_reason(make_client: MakeClient, session: Session, made: int) -> None:
    client = make_client("marketer")
    bare = client.post(f"/segments/{made}/rename", data={"name": "Steadies", "why": "", "once": "1"})
    assert bare.status_code == 422 and "This is needed." in bare.text
    client.post(f"/segments/{made}/rename", data={"name": "Steadies", "why": "shorter", "once": "2"})
    client.post(f"/segments/{made}/freeze", data={"why": "for the letter", "once": "3"})
    row = session.get_one(Segment, made, populate_existing=True)
    assert row.name == "Steadies" and row.frozen_at is not None
    assert "frozen" in client.get(f"/segments/{made}").text
    asked = client.post(f"/segments/{made}/delete", data={"why": "sent", "once": "4"})
    assert asked.status_code == 200 and row.deleted_at is None
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    gone = client.post(f"/segments/{made}/delete", data={"why": "sent", "once": "5", "sure": sure[1]})
    assert gone.headers["location"] == "/segments"
    assert client.get(f"/segments/{made}").status_code == 404
    told = session.scalars(select(AuditRow).where(AuditRow.what == "segment").order_by(AuditRow.id)).all()
    assert [(one.after or {}).get("why") for one in told][-3:] == ["shorter", "for the letter", "sent"]


def test_changed_under_its_name(make_client: MakeClient, session: Session, made: int) -> None:
    client = make_client("marketer")
    page = client.get(f"/segments/new?of={made}").text
    assert 'name="in.1" value="steady" checked' in page and "Change “On Steady”" in page
    tree = json.dumps({"and": [{"fact": "area", "op": "any_of", "values": ["K"]}]})
    done = client.post(f"/segments/{made}/change", data={"tree": tree, "of": made, "why": "all", "once": "1"})
    assert done.status_code == 303
    assert session.get_one(Segment, made, populate_existing=True).size == 13


def test_customers_leave_masked_and_written_down(
    make_client: MakeClient, session: Session, made: int, house
) -> None:
    session.execute(
        text(
            "insert into contact_points (customer_id, kind, value, normal)"
            " values (:c, 'email', '=m.ashdown@mail.example', 'm.ashdown@mail.example')"
        ),
        {"c": house.ids[2]},
    )
    session.execute(text("update customers set name = '=cmd()' where id = :c"), {"c": house.ids[2]})
    client = make_client("marketer")
    answer = client.get(f"/segments/{made}/customers.csv")
    rows = answer.text.splitlines()
    assert len(rows) == 21 and rows[0].startswith("number,name,kind")
    assert "m.ashdown" not in answer.text and "•••@•••" in answer.text and "'=cmd()" in answer.text
    row = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert row is not None
    assert (row.kind, row.subject_kind, row.subject) == ("export", "segment", str(made))


def test_figures_leave_by_groups(make_client: MakeClient, made: int) -> None:
    answer = make_client("marketer").get(f"/segments/{made}/figures.csv?by=tariff")
    assert answer.text.splitlines() == ["tariff,customers,mean", "steady,20,"]


@pytest.mark.parametrize("role", ["agent", "ops", "supervisor"])
def test_segments_are_the_marketers(make_client: MakeClient, made: int, role: str) -> None:
    client = make_client(role)
    for path in ("/segments", "/segments/new", f"/segments/{made}", f"/segments/{made}/customers.csv"):
        assert client.get(path).status_code == 403, path


def test_people_with_areas_see_theirs(make_client: MakeClient, session: Session, made: int, house) -> None:
    client = make_client("marketer")
    kelder = session.scalar(text("select id from network_nodes where code = 'K'"))
    session.scalars(select(User)).one().area_ids = [kelder]
    session.flush()
    assert "6 customers fit today." in client.get(f"/segments/{made}").text
    assert len(client.get(f"/segments/{made}/customers.csv").text.splitlines()) == 7
    assert "6 customers of 13 fit." in client.get("/segments/new", params=FIELDS[:4]).text
    listed = client.get("/segments").text
    assert "On Steady" in listed and ">20<" not in listed


def test_in_russian(make_client: MakeClient, made: int) -> None:
    client = make_client("marketer", language="ru")
    assert "20 клиентов из 40" in client.get("/segments/new", params=FIELDS[:4]).text
    assert "Какие есть сегменты?" in client.get("/segments").text


def test_one_that_cannot_be_read_says_so(make_client: MakeClient, session: Session, made: int) -> None:
    broken = """update segments set tree = '{"fact": "shoe", "op": "known"}'"""
    session.execute(text(broken.replace(":", "\\:")))
    session.expire_all()
    client = make_client("marketer")
    page = client.get(f"/segments/{made}")
    assert page.status_code == 200 and "It asks about something that is known no more." in page.text
    assert client.get("/segments").status_code == 200
    assert client.get(f"/segments/{made}/customers.csv").status_code == 422
