"""The people of the house, for admins."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from utility_crm.auth.actions import add_user
from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.events import events_of
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now

PASSWORD = "correct horse battery"
RIGHT = {"login": "priya", "password": PASSWORD}
KEEP = {"does": "keep", "name": "Priya Nair", "role": "agent", "active": "yes"}


@pytest.fixture
def priya(session: Session) -> int:
    return add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)


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


def test_it_asks_again_who_one_is(session: Session, make_client: MakeClient, priya: int) -> None:
    admin = make_client("admin", installed=[])
    session.execute(update(SignIn).values(proved_at=utc_now() - timedelta(minutes=16)))
    for path in ("/people", f"/people/{priya}"):
        assert admin.post(path, data=KEEP).headers["location"].startswith("/sign-in/again")
