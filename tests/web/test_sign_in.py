"""The door: who comes in, who does not, and how long they wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from itertools import islice
from threading import Event, Lock
from time import monotonic

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from utility_crm.auth.actions import add_user, check_password, set_password
from utility_crm.auth.cookies import COOKIE, Sessions
from utility_crm.auth.guesses import PAUSE, SLOW_SECONDS, Guesses
from utility_crm.auth.queries import active_user
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Conflict, Invalid, Refused
from utility_crm.web import sign_in

PASSWORD = "correct horse battery"
HERE = "192.0.2.200"
NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
MakeApp = Callable[..., FastAPI]


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
    guesses = Guesses()
    for _ in range(5):
        assert guesses.begin("priya", HERE, NOW) is None
    assert guesses.begin("priya", HERE, NOW) == guesses.until("priya", HERE, NOW) == NOW + PAUSE
    assert (guesses.left("priya", HERE, NOW), guesses.left("tomas", HERE, NOW)) == (0, 5)
    later = NOW + PAUSE
    assert guesses.until("priya", HERE, later) is None and guesses.left("priya", HERE, later) == 5
    assert guesses.begin("priya", HERE, later) is None
    assert guesses.left("priya", HERE, later) == 4
    guesses.take_back("priya", HERE, later, right=True)
    assert guesses.left("priya", HERE, later) == 5


def test_a_stranger_does_not_lock_a_colleague_out(make_app: MakeApp, priya: int) -> None:
    app = make_app([])
    stranger, colleague = (
        TestClient(app, client=(address, 1), follow_redirects=False) for address in ("203.0.113.9", HERE)
    )
    codes = [
        stranger.post("/sign-in", data={"login": "priya", "password": "x"}).status_code for _ in range(6)
    ]
    assert codes == [401] * 5 + [429]
    assert colleague.post("/sign-in", data={"login": "priya", "password": PASSWORD}).status_code == 303


def test_an_address_rests_after_fifty_names(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    guesses = client.app.state.guesses  # type: ignore[attr-defined]
    for number in range(49):
        assert guesses.begin(f"name {number}", "testclient", utc_now()) is None
    for _ in range(3):  # who signs in uses none of the tries up
        assert client.post("/sign-in", data={"login": "priya", "password": PASSWORD}).status_code == 303
    assert client.post("/sign-in", data={"login": "one more", "password": "x"}).status_code == 401
    refused = client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    assert refused.status_code == 429 and "Too many tries" in refused.text


def test_the_neighbours_of_an_address_are_one() -> None:
    guesses = Guesses()
    for number in range(50):
        assert guesses.begin(f"name {number}", f"2001:db8::{number:x}", NOW) is None
    assert guesses.begin("priya", "2001:db8::ffff", NOW) == NOW + PAUSE
    assert guesses.begin("priya", "2001:db8:0:1::1", NOW) is None
    assert guesses.begin("priya", "::ffff:192.0.2.1", NOW) is None


def test_tries_sent_at_once_are_counted_before_any_is_looked_at(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty at a time, none of which is answered before all have come as far as they come."""
    client = make_client(installed=[])
    looked_at = 0
    all_in, lock = Event(), Lock()

    def slow(*_: object) -> None:
        nonlocal looked_at
        with lock:
            looked_at += 1
        assert all_in.wait(20)

    monkeypatch.setattr(sign_in, "check_password", slow)
    with ThreadPoolExecutor(20) as threads:
        sent = [
            threads.submit(client.post, "/sign-in", data={"login": "priya", "password": str(number)})
            for number in range(20)
        ]
        refused = list(islice(as_completed(sent, timeout=20), 15))
        all_in.set()
    assert [one.result().status_code for one in refused] == [429] * 15
    assert sorted(one.result().status_code for one in sent)[:5] == [401] * 5
    assert looked_at == 5


def test_wrong_tries_everywhere_slow_all_down_for_a_while() -> None:
    guesses = Guesses()
    for number in range(100):
        assert guesses.wait_seconds(NOW) == 0
        guesses.begin("priya", f"192.0.2.{number}", NOW)
    assert guesses.wait_seconds(NOW) == SLOW_SECONDS
    assert guesses.begin("priya", HERE, NOW) is None
    assert guesses.wait_seconds(NOW + PAUSE) == 0


def test_a_try_waits_as_long_as_it_is_told(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make_client(installed=[])
    monkeypatch.setattr(Guesses, "wait_seconds", lambda *_: 0.3)
    began = monotonic()
    assert client.post("/sign-in", data={"login": "priya", "password": "x"}).status_code == 401
    assert monotonic() - began >= 0.3


def test_a_try_that_could_not_be_looked_at_is_none(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise Refused("down", "It is down.")

    client = make_client(installed=[])
    with monkeypatch.context() as broken:
        broken.setattr(sign_in, "check_password", fails)
        for _ in range(6):
            assert client.post("/sign-in", data={"login": "priya", "password": "x"}).status_code == 403
    answer = client.post("/sign-in", data={"login": "priya", "password": "x"})
    assert answer.status_code == 401 and "4 more tries" in answer.text


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
