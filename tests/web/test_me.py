"""A person's own page: how pages look, where they are signed in, their password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient, make_user
from utility_crm.auth.actions import add_user
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.door_tables import SignIn
from utility_crm.auth.sign_ins import begin_sign_in
from utility_crm.kit.clock import utc_now
from utility_crm.people.browsers import browser_named

PASSWORD = "correct horse battery"
NEW = "four words of mine"
RIGHT = {"login": "priya", "password": PASSWORD}
LOOK = {"language": "ru", "theme": "dark", "density": "easy", "extension": "4711"}


@pytest.fixture
def priya(session: Session) -> int:
    return add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)


@pytest.mark.parametrize("ask", ["look", "places", "password", "step", "door", "nonsense"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_each_question_opens(make_client: MakeClient, ask: str, language: str) -> None:
    client = make_client("agent", language=language, installed=[])
    page = client.get(f"/me?ask={ask}")
    assert page.status_code == 200 and page.text.count('class="sec"') == 1
    fragment = client.get(f"/me?ask={ask}", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text and 'class="sec"' in fragment.text


def test_pages_look_as_chosen_on_every_device(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    client.cookies.set("theme", "light")
    done = client.post("/me/look", data=LOOK)
    assert done.headers["location"] == "/me"
    other = make_client(installed=[])
    other.post("/sign-in", data=RIGHT)
    page = other.get("/me").text
    assert 'lang="ru" data-theme="dark" data-density="easy" data-letters="off"' in page
    assert 'value="4711"' in page
    client.post("/me/look", data=LOOK | {"letters": "yes", "theme": ""})
    assert "data-letters" not in client.get("/").text.split("<head>")[0]


def test_letters_act_with_alt_or_under_another_key(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    done = client.post("/me/look", data=LOOK | {"letters": "alt", "own_keys": " q=l,  n=m , x=x"})
    assert done.headers["location"] == "/me"
    page = client.get("/me").text
    assert 'data-letters-by="alt" data-own-keys="q=l n=m"' in page and 'value="q=l, n=m"' in page
    for typed in ("q", "q=l, q=m", "ql=m", "q=é", "1=l", ", ".join(f"{one}=a" for one in "bcd" * 11)):
        wrong = client.post("/me/look", data=LOOK | {"own_keys": typed})
        assert wrong.status_code == 422 and 'id="f-look-own_keys-d"' in wrong.text, typed
    client.post("/me/look", data=LOOK | {"letters": "yes"})
    page = client.get("/me").text.split("<head>")[0]
    assert "data-own-keys" not in page and "data-letters" not in page


def test_what_there_is_not_is_refused_beside_its_field(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    other = make_user(session, "ops", name="Sana Whitcombe")
    other.extension = "88"
    session.flush()
    client = make_client("agent", installed=[])
    for field, typed, status, said in (
        ("language", "xx", 422, "Choose one of what is offered."),
        ("theme", "pink", 422, "Choose one of what is offered."),
        ("extension", "12a", 422, "An extension has digits alone"),
        ("extension", "88", 409, "This is the telephone of Sana Whitcombe."),
    ):
        answer = client.post("/me/look", data=LOOK | {"language": "en"} | {field: typed})
        assert answer.status_code == status and said in answer.text, (field, typed)


def test_sign_ins_are_listed_and_ended(session: Session, make_client: MakeClient, priya: int) -> None:
    here, there = make_client(installed=[]), make_client(installed=[])
    here.post("/sign-in", data=RIGHT)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    there.post("/sign-in", data=RIGHT, headers={"User-Agent": agent})
    page = here.get("/me?ask=places").text
    assert "Firefox, Linux" in page and "signed in in 2 places" in page
    other = session.scalars(select(SignIn.id).where(SignIn.browser == agent)).one()
    assert here.post(f"/me/places/{other}/end").headers["location"] == "/me?ask=places"
    assert there.get("/").status_code == 303 and here.get("/").status_code == 200
    assert here.post(f"/me/places/{other}/end").status_code == 404
    there.post("/sign-in", data=RIGHT)
    assert here.post("/me/places/end").status_code == 303
    assert there.get("/").status_code == 303 and here.get("/").status_code == 200


def test_nobody_ends_the_sign_in_of_another(session: Session, make_client: MakeClient, priya: int) -> None:
    begin_sign_in(session, priya, utc_now())
    theirs = session.scalars(select(SignIn.id).where(SignIn.user_id == priya)).one()
    assert make_client("agent", installed=[]).post(f"/me/places/{theirs}/end").status_code == 404
    assert session.scalars(select(SignIn.ended_at).where(SignIn.id == theirs)).one() is None


def test_ending_a_sign_in_asks_again_who_one_is(session: Session, make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    session.execute(update(SignIn).values(proved_at=utc_now() - timedelta(minutes=16)))
    for path in ("/me/places/1/end", "/me/places/end", "/me/step"):
        assert client.post(path).headers["location"].startswith("/sign-in/again")


def test_a_new_password_needs_the_old_and_ends_the_others(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    here, there = make_client(installed=[]), make_client(installed=[])
    here.post("/sign-in", data=RIGHT)
    there.post("/sign-in", data=RIGHT)
    for before, new, said in (
        ("wrong", NEW, "That is not your password."),
        (PASSWORD, "short", "at least 8 characters"),
        (PASSWORD, "q" * 257, "at most 256 characters"),
        (PASSWORD, "qwertyuiop", "is guessed soon"),
        (PASSWORD, "NorthmoorEnergy", "is guessed soon"),
        (PASSWORD, PASSWORD, "the password you have"),
    ):
        answer = here.post("/me/password", data={"before": before, "new": new})
        assert answer.status_code == 422 and said in answer.text, said
        assert new not in answer.text and before not in answer.text.replace("wrong-password", "")
    done = here.post("/me/password", data={"before": PASSWORD, "new": NEW})
    assert done.headers["location"] == "/me?ask=password"
    assert "elsewhere that ended: 1." in here.get("/me?ask=password").text
    assert there.get("/").status_code == 303
    assert there.post("/sign-in", data=RIGHT).status_code == 401
    assert there.post("/sign-in", data=RIGHT | {"password": NEW}).status_code == 303


def test_guessing_the_old_password_rests_after_five(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    for _ in range(5):
        assert client.post("/me/password", data={"before": "guess", "new": NEW}).status_code == 422
    rests = client.post("/me/password", data={"before": PASSWORD, "new": NEW})
    assert rests.status_code == 409 and "Too many tries." in rests.text
    assert client.post("/sign-in/again", data={"code": PASSWORD}).status_code == 429


def test_long_passwords_of_any_letters_are_taken(make_client: MakeClient, priya: int) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    new = "сорок три ёжика 🦔 <script> " * 8
    assert 128 < len(new) <= 256
    assert client.post("/me/password", data={"before": PASSWORD, "new": new}).status_code == 303
    assert make_client(installed=[]).post("/sign-in", data=RIGHT | {"password": new}).status_code == 303
    almost = RIGHT | {"password": new[:-1]}
    assert make_client(installed=[]).post("/sign-in", data=almost).status_code == 401  # none is cut short


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_browsers_are_called_as_people_call_them(said: str, named: str) -> None:
    assert browser_named(said) == named


def test_the_cookie_of_a_person_is_not_anothers(session: Session, make_client: MakeClient) -> None:
    first, second = make_client("agent", installed=[]), make_client("ops", installed=[])
    assert first.cookies[COOKIE] != second.cookies[COOKIE]
