"""The people of the house, for admins."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from utility_crm.auth.actions import add_user
from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.events import events_of
from utility_crm.auth.staff import change_person, staff_rows
from utility_crm.auth.tables import User
from utility_crm.auth.teams import Standing, add_team, set_abilities, standing_of, teams
from utility_crm.auth.tokens import bearer_of, make_token
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode

PASSWORD = "correct horse battery"
RIGHT = {"login": "priya", "password": PASSWORD}
KEEP = {"does": "keep", "name": "Priya Nair", "role": "agent", "active": "yes"}


@pytest.fixture
def priya(session: Session) -> int:
    return add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)


def seen_in(client: TestClient, person: int, does: str) -> str:
    """What this form of a person carries."""
    page = client.get(f"/people?person={person}").text
    return str(re.findall(rf'value="{does}"><input type="hidden" name="seen" value="(\w+)"', page)[0])


def given_in(page: str) -> str:
    return re.findall(r'<p class="then"><code>([\w-]{16})</code>', page)[0]


@pytest.mark.parametrize("role", ["agent", "supervisor", "marketer", "ops"])
def test_only_admins_come_in(make_client: MakeClient, priya: int, role: str) -> None:
    client = make_client(role, installed=[])
    assert client.get("/people").status_code == 403
    assert (
        client.post("/people", data={}).status_code
        == client.post(f"/people/{priya}", data=KEEP).status_code
        == 403
    )


@pytest.mark.parametrize("language", ["en", "ru"])
def test_everybody_is_listed_and_one_opens(make_client: MakeClient, priya: int, language: str) -> None:
    client = make_client("admin", language=language, installed=[])
    page = client.get("/people").text
    assert "Priya Nair" in page and f"/people?person={priya}" in page
    assert "Priya Nair" in client.get(f"/people?person={priya}").text
    assert client.get("/people?person=999999").status_code == 404


def test_somebody_is_added_and_chooses_their_own_password(session: Session, make_client: MakeClient) -> None:
    client = make_client("admin", installed=[])
    wanted = {"login": "Tomas", "name": "Tomas L", "role": "marketer", "language": "en"}
    page = client.post("/people", data=wanted)
    assert page.status_code == 200
    given = given_in(page.text)
    assert client.post("/people", data=wanted).status_code == 409
    assert client.post("/people", data=wanted | {"login": "x", "role": "king"}).status_code == 422
    new = make_client(installed=[])
    first = new.post("/sign-in", data={"login": "tomas", "password": given})
    assert first.headers["location"].startswith("/sign-in/new-password")
    assert new.post("/sign-in/new-password", data={"new": "four words of mine"}).status_code == 303
    assert new.get("/me").status_code == 200
    again = make_client(installed=[]).post("/sign-in", data={"login": "tomas", "password": given})
    assert again.status_code == 401
    tomas = session.scalars(select(User.id).where(User.login == "tomas")).one()
    what = [one.what for one in events_of(session, tomas)]
    assert what[-1] == "added" and "password_changed" in what


def test_sign_ins_of_another_are_ended(session: Session, make_client: MakeClient, priya: int) -> None:
    theirs, admin = make_client(installed=[]), make_client("admin", installed=[])
    theirs.post("/sign-in", data=RIGHT)
    assert "Signed in in one place." in admin.get(f"/people?person={priya}").text
    assert admin.post(f"/people/{priya}", data={"does": "end"}).status_code == 303
    assert theirs.get("/").status_code == 303
    assert "Signed in nowhere." in admin.get(f"/people?person={priya}").text
    assert events_of(session, priya)[0].by == "admin.en"


def test_a_role_or_leaving_ends_them_too(session: Session, make_client: MakeClient, priya: int) -> None:
    theirs, admin = make_client(installed=[]), make_client("admin", installed=[])
    for change in (KEEP | {"role": "ops"}, {**KEEP, "role": "ops", "active": ""}):
        sent = {name: value for name, value in change.items() if value}
        theirs.post("/sign-in", data=RIGHT)
        assert theirs.get("/me").status_code == 200
        sent["seen"] = seen_in(admin, priya, "keep")
        assert admin.post(f"/people/{priya}", data=sent).status_code == 303
        assert theirs.get("/me").status_code == 303
    assert theirs.post("/sign-in", data=RIGHT).status_code == 401
    assert admin.post(f"/people/{priya}", data={"does": "password"}).status_code == 409
    assert {"changed", "deactivated"} <= {one.what for one in events_of(session, priya)}


def test_nobody_changes_their_own_place(session: Session, make_client: MakeClient) -> None:
    admin = make_client("admin", installed=[])
    me = session.scalars(select(User.id)).one()
    for sent in (KEEP, {"does": "keep", "name": "Ines", "role": "admin"}, {"does": "password"}):
        assert admin.post(f"/people/{me}", data=sent).status_code == 409
    assert session.scalars(select(User.role).where(User.active)).one() == "admin"


def test_an_old_form_undoes_nothing(
    session: Session, make_client: MakeClient, priya: int, placed: None
) -> None:
    admin = make_client("admin", installed=[])
    keep, stands = seen_in(admin, priya, "keep"), seen_in(admin, priya, "standing")
    left = {"does": "keep", "name": "Priya Nair", "role": "agent", "seen": keep}
    assert admin.post(f"/people/{priya}", data=left).status_code == 303
    back = admin.post(f"/people/{priya}", data=KEEP | {"name": "Priya N.", "seen": keep})
    assert back.status_code == 409 and "Somebody changed this meanwhile" in back.text
    row = session.execute(select(User.active, User.name).where(User.id == priya)).one()
    assert tuple(row) == (False, "Priya Nair")
    assert admin.post(f"/people/{priya}", data=STANDS | {"seen": stands}).status_code == 303
    late = {"does": "standing", "teams": ["Care"], "seen": stands}
    refused = admin.post(f"/people/{priya}", data=late)
    assert refused.status_code == 409 and "Somebody changed this meanwhile" in refused.text
    is_ = standing_of(session, priya)
    assert (is_.teams, is_.areas) == (("Bills", "Care"), ("AA",))


def test_the_last_admin_stays_whoever_asks(session: Session, priya: int) -> None:
    first = add_user(session, login="ines", name="Ines", role="admin", password=PASSWORD)
    second = add_user(session, login="omar", name="Omar", role="admin", password=PASSWORD)

    def demote(person: int, by: int) -> list[str]:
        seen = next(one.seen for one in staff_rows(session) if one.id == person)
        return change_person(
            session, person, name="X", role="ops", active=True, seen=seen, by=by, now=utc_now()
        )

    assert demote(second, first) == ["name", "role"]
    for by in (second, priya):
        with pytest.raises(Refused):
            demote(first, by)
    assert session.scalar(select(User.role).where(User.id == first)) == "admin"


def test_nobody_takes_their_own_second_step_off_as_an_admin(
    session: Session, make_client: MakeClient
) -> None:
    admin = make_client("admin", installed=[])
    me = session.scalars(select(User.id)).one()
    refused = admin.post(f"/people/{me}", data={"does": "factor"})
    assert refused.status_code == 409 and "on your page" in refused.text


def test_tokens_of_who_leaves_or_may_no_longer_make_them_are_withdrawn(
    session: Session, make_client: MakeClient
) -> None:
    admin, now = make_client("admin", installed=[]), utc_now()
    tom = add_user(session, login="tom", name="Tom", role="admin", password=PASSWORD)
    calls = make_token(session, "Exchange", ["telephony:write"], now, created_by=tom)
    reads = make_token(session, "Head-end", ["readings:write"], now, created_by=tom)
    other = make_token(session, "Bank", ["payments:write"], now)
    says = "Their tokens are withdrawn, and machines that have them answered no more"
    form = {"does": "keep", "name": "Tom", "active": "yes"}
    for role, ended in (("ops", [calls]), ("agent", [calls, reads])):
        change = form | {"role": role, "seen": seen_in(admin, tom, "keep")}
        kept = admin.post(f"/people/{tom}", data=change)
        assert kept.status_code == 303
        assert f"{says}: {ended[-1].name}." in admin.get(kept.headers["location"]).text
        for one in (calls, reads, other):
            assert (bearer_of(session, one.token, now) is None) is (one in ended)
    assert [one.what for one in events_of(session, tom)].count("token_revoked") == 2
    again = form | {"role": "ops", "seen": seen_in(admin, tom, "keep")}
    assert admin.post(f"/people/{tom}", data=again).status_code == 303
    anew = make_token(session, "Head-end", ["readings:write"], now, created_by=tom)
    gone = {"does": "keep", "name": "Tom", "role": "ops", "seen": seen_in(admin, tom, "keep")}
    assert admin.post(f"/people/{tom}", data=gone).status_code == 303
    assert bearer_of(session, anew.token, now) is None


def test_it_asks_again_who_one_is(session: Session, make_client: MakeClient, priya: int) -> None:
    admin = make_client("admin", installed=[])
    session.execute(update(SignIn).values(proved_at=utc_now() - timedelta(minutes=16)))
    for path in ("/people", f"/people/{priya}"):
        assert admin.post(path, data=KEEP).headers["location"].startswith("/sign-in/again")


STANDS = {"does": "standing", "teams": ["Care", "Bills"], "leads": ["Bills"], "areas": ["AA"],
          "skills": "Billing, meter, billing", "languages": "en; ru", "extension": "231"}  # fmt: skip


@pytest.fixture
def placed(session: Session) -> None:
    session.add(NetworkNode(code="AA", name="Alder", kind="area"))
    session.add(NetworkNode(code="BB", name="Birch", kind="area"))
    add_team(session, "Care")
    add_team(session, "Bills")
    session.flush()


def test_teams_areas_and_what_they_can_are_kept_on_the_page(
    session: Session, make_client: MakeClient, priya: int, placed: None
) -> None:
    admin = make_client("admin", installed=[])
    seen = seen_in(admin, priya, "standing")
    assert admin.post(f"/people/{priya}", data=STANDS | {"seen": seen}).status_code == 303
    is_ = standing_of(session, priya)
    assert (is_.teams, is_.leads, is_.areas) == (("Bills", "Care"), ("Bills",), ("AA",))
    assert (is_.skills, is_.languages, is_.extension) == (("billing", "meter"), ("en", "ru"), "231")
    page = admin.get(f"/people?person={priya}").text
    assert re.search(r'name="areas" value="AA" checked', page)
    assert not re.search(r'name="areas" value="BB" checked', page)
    assert [one.what for one in events_of(session, priya)].count("changed") == 1
    assert admin.post(f"/people/{priya}", data=STANDS).status_code == 303
    assert [one.what for one in events_of(session, priya)].count("changed") == 1  # nothing was done twice
    bare = {"does": "standing", "seen": seen_in(admin, priya, "standing")}
    assert admin.post(f"/people/{priya}", data=bare).status_code == 303
    assert standing_of(session, priya) == Standing((), (), (), (), (), "")


def test_what_there_is_not_is_refused_and_nothing_is_kept(
    session: Session, make_client: MakeClient, priya: int, placed: None
) -> None:
    admin = make_client("admin", installed=[])
    add_user(session, login="tom", name="Tom", role="agent", password=PASSWORD)
    set_abilities(session, "tom", extension="444")
    for wrong, status in (
        ({"teams": ["Nobody's"]}, 404), ({"areas": ["ZZ"]}, 404), ({"extension": "4x"}, 422),
        ({"extension": "444"}, 409), ({"skills": ",".join(f"s{n}" for n in range(30))}, 422),
        ({"languages": "x" * 100}, 422),
    ):  # fmt: skip
        assert admin.post(f"/people/{priya}", data=STANDS | wrong).status_code == status, wrong
    assert standing_of(session, priya) == Standing((), (), (), (), (), "")
    assert admin.post("/people/999999", data=STANDS).status_code == 404


def test_teams_are_made_and_renamed(session: Session, make_client: MakeClient, placed: None) -> None:
    admin = make_client("admin", installed=[])
    assert admin.post("/people/teams", data={"name": "Field", "sees_all": "yes"}).status_code == 303
    assert admin.post("/people/teams", data={"name": " Field "}).status_code == 409
    assert admin.post("/people/teams", data={"name": ""}).status_code == 422
    field = next(one for one in teams(session) if one.name == "Field")
    assert field.sees_all_tickets and "Field" in admin.get("/people?ask=teams").text
    assert admin.post(f"/people/teams/{field.id}", data={"name": "Care"}).status_code == 409
    shown = admin.get("/people?ask=teams").text
    seen = re.findall(rf'action="/people/teams/{field.id}".*?name="seen" value="(\w+)"', shown, re.S)[0]
    renamed = {"name": "Out there", "seen": seen}
    assert admin.post(f"/people/teams/{field.id}", data=renamed).status_code == 303
    assert admin.post(f"/people/teams/{field.id}", data=renamed).status_code == 303  # it is so already
    back = admin.post(f"/people/teams/{field.id}", data={"name": "Field", "sees_all": "yes", "seen": seen})
    assert back.status_code == 409 and "Somebody changed this meanwhile" in back.text
    assert admin.post("/people/teams/999999", data={"name": "x"}).status_code == 404
    again = next(one for one in teams(session) if one.id == field.id)
    assert (again.name, again.sees_all_tickets) == ("Out there", False)
    for role in ("agent", "supervisor"):
        client = make_client(role, installed=[])
        assert client.post("/people/teams", data={"name": "Mine"}).status_code == 403
        assert client.post(f"/people/teams/{field.id}", data={"name": "Mine"}).status_code == 403


def test_one_sign_in_of_another_is_ended_and_no_strangers(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    here, there = make_client(installed=[]), make_client(installed=[])
    admin = make_client("admin", installed=[])
    here.post("/sign-in", data=RIGHT)
    there.post("/sign-in", data=RIGHT)
    first, second = session.scalars(
        select(SignIn.id).where(SignIn.user_id == priya).order_by(SignIn.id)
    ).all()
    assert admin.get(f"/people?person={priya}").text.count("/places/") == 2
    admins = session.scalars(select(SignIn.id).where(SignIn.user_id != priya)).one()
    assert admin.post(f"/people/{priya}/places/{admins}/end").status_code == 404  # somebody else's
    assert admin.post(f"/people/{priya}/places/{first}/end").status_code == 303
    assert here.get("/me").status_code == 303 and there.get("/me").status_code == 200
    assert admin.post(f"/people/{priya}/places/{first}/end").status_code == 404
    assert events_of(session, priya)[0].what == "ended" and second
    assert there.post(f"/people/{priya}/places/{second}/end").status_code == 403


@pytest.mark.parametrize(("role", "asked"), [("supervisor", True), ("admin", True), ("agent", False)])
def test_who_sees_much_needs_a_second_step_unless_it_is_a_demo(
    session: Session, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, role: str, asked: bool
) -> None:
    add_user(session, login="wren", name="Wren", role=role, password=PASSWORD)
    right = {"login": "wren", "password": PASSWORD}
    demo = make_client(installed=[]).post("/sign-in", data=right)
    assert not demo.headers["location"].startswith("/sign-in/")
    monkeypatch.delenv("UTILITY_CRM_DEMO")
    settings.cache_clear()
    real = make_client(installed=[]).post("/sign-in", data=right)
    assert real.headers["location"].startswith("/sign-in/second-step") is asked
    monkeypatch.setenv("UTILITY_CRM_SECOND_FACTOR_ROLES", "none")
    settings.cache_clear()
    given_up = make_client(installed=[]).post("/sign-in", data=right)
    assert not given_up.headers["location"].startswith("/sign-in/")
