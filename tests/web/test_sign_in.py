"""The door: who comes in, who does not, and how long they wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from utility_crm.auth.actions import add_user, check_password, set_password
from utility_crm.auth.cookies import COOKIE, Sessions
from utility_crm.auth.guesses import Guesses
from utility_crm.auth.queries import active_user
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid

PASSWORD = "correct horse battery"


@pytest.fixture
def priya(session: Session) -> int:
    return add_user(session, login=" Priya ", name="Priya Nair", role="agent", password=PASSWORD)


def test_right_password_opens_the_desk(session: Session, make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    answer = client.post("/sign-in", data={"login": "PRIYA", "password": PASSWORD, "next": "/customers?q=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/customers?q=a")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    page = client.get("/")
    assert page.status_code == 200 and "Priya Nair" in page.text
    assert client.get("/sign-in").headers["location"] == "/"


def test_wrong_password_is_said_without_saying_which_part(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    wrong = client.post("/sign-in", data={"login": "priya", "password": "guess"})
    nobody = client.post("/sign-in", data={"login": "nobody", "password": "guess"})
    assert wrong.status_code == nobody.status_code == 401
    for answer in (wrong, nobody):
        assert "That name and password do not match." in answer.text
        assert "4 more tries" in answer.text
        assert COOKIE not in answer.cookies


def test_five_guesses_then_a_pause_even_for_the_right_password(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    for _ in range(5):
        client.post("/sign-in", data={"login": "priya", "password": "guess"})
    answer = client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries" in answer.text


def test_a_pause_ends_and_another_name_is_free() -> None:
    guesses, now = Guesses(), datetime(2026, 11, 20, 14, tzinfo=UTC)
    for _ in range(5):
        left = guesses.failed("priya", now)
    assert left == 0 and guesses.until("priya", now) == now + timedelta(minutes=15)
    assert guesses.left("tomas", now) == 5
    later = now + timedelta(minutes=15)
    assert guesses.until("priya", later) is None and guesses.left("priya", later) == 5
    guesses.failed("priya", later)
    guesses.forget("priya")
    assert guesses.left("priya", later) == 5


def test_pages_send_a_stranger_to_the_door_and_back(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    answer = client.get("/customers?q=ash")
    assert answer.headers["location"] == "/sign-in?next=%2Fcustomers%3Fq%3Dash"
    assert 'value="/customers?q=ash"' in client.get(answer.headers["location"]).text
    fragment = client.get("/customers/found", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["hx-redirect"]) == (204, "/sign-in")


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil", "/a\nb"])
def test_the_door_leads_nowhere_else(make_client: MakeClient, priya: int, elsewhere: str) -> None:
    answer = make_client(installed=[]).post(
        "/sign-in", data={"login": "priya", "password": PASSWORD, "next": elsewhere}
    )
    assert answer.headers["location"] == "/"


def test_a_new_password_ends_older_sessions(session: Session, make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    set_password(session, "priya", "another one here")
    session.flush()
    assert client.get("/").status_code == 303
    assert check_password(session, "priya", PASSWORD) is None
    assert check_password(session, "priya", "another one here") is not None


def test_who_left_the_house_is_out(session: Session, make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    user = session.get(User, priya)
    assert user is not None
    user.active = False
    session.flush()
    assert client.get("/").status_code == 303
    assert active_user(session, priya) is None
    assert check_password(session, "priya", PASSWORD) is None


def test_signing_out_forgets(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert client.get("/").status_code == 303


def test_a_forged_or_foreign_cookie_is_nobody() -> None:
    ours, theirs = Sessions("a"), Sessions("b")
    value = ours.issue(7, "seal")
    assert ours.read(value) == (7, "seal")
    assert theirs.read(value) is None
    assert ours.read(value[:-2] + "xx") is None
    assert ours.read(None) is None and ours.read("nonsense") is None


def test_users_are_refused_by_kind(session: Session, priya: int) -> None:
    with pytest.raises(Conflict):
        add_user(session, login="PRIYA", name="Other", role="ops", password=PASSWORD)
    with pytest.raises(Invalid):
        add_user(session, login="new", name="New", role="king", password=PASSWORD)
    with pytest.raises(Invalid):
        add_user(session, login="new", name="New", role="ops", password="short")


def test_the_hash_is_argon2id(session: Session, priya: int) -> None:
    user = session.get(User, priya)
    assert user is not None and user.password_hash.startswith("$argon2id$")


def test_the_door_speaks_russian_when_asked(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    assert (
        "Вход для сотрудников" in client.get("/sign-in", headers={"Accept-Language": "ru-RU,ru;q=0.9"}).text
    )
    client.get("/sign-in?language=ru")
    assert "Вход для сотрудников" in client.get("/sign-in").text
