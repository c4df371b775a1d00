"""The door: who comes in, who does not, and how long they wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from itertools import islice
from threading import Event, Lock
from time import monotonic

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.event import listen
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, MakeClient
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user, check_password, set_password
from utility_crm.auth.cookies import COOKIE, Sessions
from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.events import events_of
from utility_crm.auth.guesses import PASSWORDS, Guesses
from utility_crm.auth.queries import active_user
from utility_crm.auth.tables import AuditRow, User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Conflict, Invalid, Refused
from utility_crm.kit.settings import settings
from utility_crm.web import sign_in

PASSWORD = "correct horse battery"
HERE = "192.0.2.200"
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


def test_an_address_rests_after_fifty_names(session: Session, make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    for number in range(49):
        assert PASSWORDS.begin(session, f"name {number}", "testclient", utc_now()) is None
    for _ in range(3):  # who signs in uses none of the tries up
        assert client.post("/sign-in", data={"login": "priya", "password": PASSWORD}).status_code == 303
    assert client.post("/sign-in", data={"login": "one more", "password": "x"}).status_code == 401
    refused = client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    assert refused.status_code == 429 and "Too many tries" in refused.text


def test_all_processes_count_together_and_a_restart_forgets_nothing(make_app: MakeApp, priya: int) -> None:
    wrong = {"login": "priya", "password": "x"}
    codes = [
        TestClient(make_app([]), follow_redirects=False).post("/sign-in", data=wrong).status_code
        for _ in range(6)  # each asks an application of its own
    ]
    assert codes == [401] * 5 + [429]


PROXIED = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}


@pytest.mark.parametrize(
    ("proxies", "counted_as"),
    [("", "10.0.0.1"), ("10.0.0.0/8", "203.0.113.9"), ("10.0.0.1,203.0.113.9", "198.51.100.7")],
)
def test_behind_a_proxy_of_ours_its_client_is_counted(
    session: Session,
    make_app: MakeApp,
    priya: int,
    monkeypatch: pytest.MonkeyPatch,
    proxies: str,
    counted_as: str,
) -> None:
    """The last address that no proxy of ours has is who asks; what a stranger writes before it is not."""
    monkeypatch.setenv("UTILITY_CRM_TRUSTED_PROXIES", proxies)
    settings.cache_clear()
    client = TestClient(make_app([]), client=("10.0.0.1", 1), follow_redirects=False)
    client.post("/sign-in", data={"login": "priya", "password": "x"}, headers=PROXIED)
    assert PASSWORDS.standing(session, "priya", counted_as, utc_now()) == (4, None)
    everywhere = {"10.0.0.1", "203.0.113.9", "198.51.100.7"}
    for other in everywhere - {counted_as}:
        assert PASSWORDS.standing(session, "priya", other, utc_now()) == (5, None)


def test_tries_sent_at_once_are_counted_before_any_is_looked_at(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten at a time, none of which is answered before all have come as far as they come."""
    engine = make_engine(fresh_database_url, pool_size=12)
    client = TestClient(create_app(engine, installed=[], secret=SECRET), follow_redirects=False)
    looked_at = 0
    all_in, lock = Event(), Lock()

    def slow(*_: object) -> None:
        nonlocal looked_at
        with lock:
            looked_at += 1
        assert all_in.wait(120)

    monkeypatch.setattr(sign_in, "check_password", slow)
    with ThreadPoolExecutor(10) as threads:
        sent = [
            threads.submit(client.post, "/sign-in", data={"login": "priya", "password": str(number)})
            for number in range(10)
        ]
        refused = list(islice(as_completed(sent, timeout=120), 5))
        all_in.set()
    assert [one.result().status_code for one in refused] == [429] * 5
    assert sorted(one.result().status_code for one in sent)[:5] == [401] * 5
    assert looked_at == 5
    engine.dispose()


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


def test_signing_out_ends_it_on_the_server(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    stolen = client.cookies[COOKIE]
    answer = client.post("/sign-out")
    assert answer.headers["location"] == "/sign-in" and '"storage"' in answer.headers["clear-site-data"]
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, stolen)
    assert client.get("/").status_code == 303


def test_every_sign_in_gets_a_new_id_and_ends_the_one_before(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    own = client.app.state.sessions  # type: ignore[attr-defined]
    found = ["planted"]
    for _ in range(2):
        cookie = {"Cookie": f"{COOKIE}={own.issue(found[-1])}"}
        answer = client.post("/sign-in", data={"login": "priya", "password": PASSWORD}, headers=cookie)
        found.append(own.read(answer.cookies[COOKIE]))
        client.cookies.clear()
    assert len(set(found)) == 3
    entered = [client.get("/", headers={"Cookie": f"{COOKIE}={own.issue(one)}"}) for one in found]
    assert [one.status_code for one in entered] == [303, 303, 200]


@pytest.mark.parametrize(
    ("column", "limit", "still"),
    [("seen_at", timedelta(minutes=60), True), ("begun_at", timedelta(hours=12), False)],
)
def test_a_sign_in_ends_by_itself(
    session: Session, make_client: MakeClient, column: str, limit: timedelta, still: bool
) -> None:
    """Unseen for an hour, or twelve hours after it began however busy it was."""
    client = make_client("agent", installed=[])
    almost = {column: utc_now() - limit + timedelta(minutes=2)}
    session.execute(update(SignIn).values(almost))
    assert client.get("/").status_code == 200
    seen = session.scalars(select(SignIn.seen_at)).one()
    assert utc_now() - seen < timedelta(minutes=1)  # being seen puts the end off
    session.execute(update(SignIn).values({column: utc_now() - limit}))
    assert client.get("/").headers["location"].startswith("/sign-in")


def test_a_look_at_a_page_asks_once_who_is_there(session: Session, make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    asked: list[str] = []
    listen(session.connection(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    client.get("/customers")
    assert [one.split()[0] for one in asked if "sign_ins" in one] == ["SELECT"]


def test_cookies_over_https_belong_to_this_host_alone(
    make_app: MakeApp, priya: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_SECURE_COOKIES", "true")
    settings.cache_clear()
    client = TestClient(make_app([]), base_url="https://testserver", follow_redirects=False)
    answer = client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"__Host-{COOKIE}=")
    assert {"httponly", "secure", "path=/", "samesite=lax"} <= set(cookie.lower().split("; "))
    page = client.get("/")
    assert page.status_code == 200 and 'data-cookies="__Host-"' in page.text
    assert page.headers["strict-transport-security"].startswith("max-age=31536000")
    chosen = client.get("/sign-in?language=ru").headers["set-cookie"]
    assert chosen.startswith("__Host-language=ru") and "Secure" in chosen
    gone = client.post("/sign-out").headers.get_list("set-cookie")
    assert len(gone) == 2 and all(one.startswith("__Host-") and "Secure" in one for one in gone)


def test_the_door_is_written_into_the_audit_log(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    client = make_client(installed=[])
    for password in ["x", *["y"] * 4]:
        client.post("/sign-in", data={"login": "priya", "password": password})
    client.post("/sign-in", data={"login": "my secret by mistake", "password": "x"})
    PASSWORDS.clear(session, "priya")
    client.post("/sign-in", data={"login": "priya", "password": PASSWORD})
    client.post("/sign-out")
    what = [one.what for one in events_of(session, priya)]
    assert what == ["signed_out", "signed_in", "rests", *["wrong_password"] * 4]
    assert {one.address for one in events_of(session, priya)} == {"testclient"}
    kept = session.scalars(select(AuditRow.after)).all()
    assert len(kept) == 8 and not any(kept)  # of a name nobody has, nothing that was typed


def test_a_forged_or_foreign_cookie_is_nobody() -> None:
    ours, theirs = Sessions("a"), Sessions("b")
    value = ours.issue("token")
    assert ours.read(value) == "token"
    assert theirs.read(value) is None
    assert ours.read(value[:-2] + "xx") is None
    assert ours.read(None) is None and ours.read("nonsense") is None


def test_the_database_keeps_only_the_digest(session: Session, make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    token = client.app.state.sessions.read(client.cookies[COOKIE])  # type: ignore[attr-defined]
    assert len(token) >= 43  # 256 bits
    assert token not in str(session.execute(select(SignIn.__table__)).all())


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
