"""The second step: set up, asked, its codes taken once, recovery, needed by role, asked again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, MakeClient, make_user
from utility_crm.auth.actions import add_user
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.door_tables import RecoveryCode, SecondFactor, SignIn
from utility_crm.auth.events import events_of
from utility_crm.auth.sealing import Sealer
from utility_crm.auth.second_factor import (
    check_factor,
    confirm_factor,
    matching_step,
    prepare_factor,
    prepared_secret,
    provisioning,
)
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Refused
from utility_crm.kit.settings import settings
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.visit import visit

PASSWORD = "correct horse battery"
SEALER = Sealer(SECRET)
RIGHT = {"login": "priya", "password": PASSWORD}
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""12345678901234567890, as RFC 6238 has it in appendix B."""
grave = APIRouter()


@grave.get("/grave")
@grave.post("/grave")
def act(request: Request) -> Response:
    with visit(request, "house.enter") as v:
        need_fresh_factor(v)
        return Response("done")


@pytest.fixture
def priya(session: Session) -> int:
    return add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)


class Device:
    """An authenticator that knows the secret."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        return self.at(utc_now(), steps)

    def at(self, now: datetime, steps: int = 0) -> str:
        return str(self.totp.at(now + timedelta(seconds=30 * steps)))


def factor_of(session: Session, user_id: int) -> tuple[Device, list[str]]:
    """A second step set up a minute ago, and its recovery codes."""
    before = utc_now() - timedelta(minutes=2)
    prepare_factor(session, user_id, SEALER, before)
    secret = prepared_secret(session, user_id, SEALER)
    assert secret is not None
    codes = confirm_factor(session, user_id, SEALER, pyotp.TOTP(secret).at(before), before)
    return Device(secret), codes


def test_the_password_alone_opens_nothing(session: Session, make_client: MakeClient, priya: int) -> None:
    device, _ = factor_of(session, priya)
    client = make_client(installed=[])
    first = client.post("/sign-in", data=RIGHT | {"next": "/customers?q=a"})
    assert first.headers["location"] == "/sign-in/code?next=%2Fcustomers%3Fq%3Da"
    half = client.cookies[COOKIE]
    assert client.get("/").headers["location"].startswith("/sign-in")
    assert client.get("/me").status_code == 303 and client.post("/me/places/end").status_code == 303
    page = client.get(first.headers["location"]).text
    assert "One more step, priya" in page and 'autocomplete="one-time-code"' in page
    second = client.post("/sign-in/code", data={"code": device.code(), "next": "/customers?q=a"})
    assert second.headers["location"] == "/customers?q=a"
    assert client.cookies[COOKIE] != half and client.get("/").status_code == 200
    assert [one.what for one in events_of(session, priya)] == ["signed_in"]


def test_a_code_is_taken_once(session: Session, make_client: MakeClient, priya: int) -> None:
    device, _ = factor_of(session, priya)
    code = device.code()
    codes = []
    for typed in (code, code, f"{code[:3]} {code[3:]}"):
        client = make_client(installed=[])
        client.post("/sign-in", data=RIGHT)
        codes.append(client.post("/sign-in/code", data={"code": typed}).status_code)
    assert codes == [303, 401, 401]
    assert "or it was used already" in client.post("/sign-in/code", data={"code": code}).text


def test_an_older_code_does_not_follow_a_newer(session: Session, priya: int) -> None:
    device, _ = factor_of(session, priya)
    now = utc_now()
    older, newer = device.at(now, -1), device.at(now, 1)
    assert check_factor(session, priya, SEALER, newer, now) == "code"
    assert check_factor(session, priya, SEALER, older, now) == ""
    assert check_factor(session, priya, SEALER, newer, now) == ""
    for steps in (-2, 2):  # further away than one step none is taken
        assert check_factor(session, priya, SEALER, device.at(now, steps), now) == ""


def test_five_wrong_codes_rest_the_person_from_everywhere(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    device, codes = factor_of(session, priya)
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    answers = [client.post("/sign-in/code", data={"code": "000000x"}) for _ in range(5)]
    assert [one.status_code for one in answers] == [401] * 5
    assert "4 more tries" in answers[0].text and "Too many tries" in answers[4].text
    elsewhere = TestClient(client.app, client=("203.0.113.9", 1), follow_redirects=False)
    elsewhere.post("/sign-in", data=RIGHT)
    for typed in (device.code(), codes[0]):
        assert elsewhere.post("/sign-in/code", data={"code": typed}).status_code == 429


def test_a_recovery_code_is_good_once_and_kept_as_a_hash(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    _, codes = factor_of(session, priya)
    assert len(set(codes)) == 8 and all(
        re.fullmatch(r"[1-8](-[2-9A-HJ-NP-TV-Z]{4}){3}", one) for one in codes
    )
    hashes = session.scalars(select(RecoveryCode.hash)).all()
    assert len(hashes) == 8 and all(one.startswith("$argon2id$") for one in hashes)
    found = []
    for typed in (codes[2].lower(), codes[2], codes[3][:-1] + "?", codes[3]):
        client = make_client(installed=[])
        client.post("/sign-in", data=RIGHT)
        found.append(client.post("/sign-in/code", data={"code": typed}).status_code)
    assert found == [303, 401, 401, 303]
    assert "6 recovery codes left" in client.get("/me").text
    assert [one.what for one in events_of(session, priya)].count("recovery_used") == 2


def test_the_secret_is_sealed_in_the_database(session: Session, priya: int) -> None:
    device, _ = factor_of(session, priya)
    sealed = session.scalars(select(SecondFactor.sealed)).one()
    assert device.totp.secret not in sealed and SEALER.open(sealed) == device.totp.secret
    with pytest.raises(Refused):
        Sealer("another").open(sealed)


def test_a_role_may_have_to_set_it_up_before_it_comes_in(
    session: Session, make_client: MakeClient, priya: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_SECOND_FACTOR_ROLES", "admin, agent")
    settings.cache_clear()
    client = make_client(installed=[])
    first = client.post("/sign-in", data=RIGHT | {"next": "/customers"})
    assert first.headers["location"] == "/sign-in/second-step?next=%2Fcustomers"
    assert client.get("/customers").status_code == 303
    page = client.get(first.headers["location"]).text
    assert "<svg" in page and 'style="' not in page
    secret = "".join(re.findall(r'<code class="nw">([A-Z2-7 ]+)</code>', page)[0].split())
    assert page == client.get(first.headers["location"]).text  # shown again it is the same
    wrong = client.post("/sign-in/second-step", data={"code": "12345", "next": "/customers"})
    assert wrong.status_code == 422 and "not the code it shows now" in wrong.text
    kept = client.post("/sign-in/second-step", data={"code": Device(secret).code(), "next": "/customers"})
    assert kept.status_code == 200 and kept.text.count("<li><code>") == 8
    assert 'href="/customers"' in kept.text and client.get("/customers").status_code == 200
    refused = client.post("/me/step", data={"does": "drop"})
    assert refused.status_code == 409 and "cannot be taken off" in refused.text


def test_who_may_choose_sets_it_up_and_takes_it_off(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    assert "Whoever learns your password comes in." in client.get("/me?ask=step").text
    page = client.post("/me/step", data={"does": "begin"}).text
    secret = "".join(re.findall(r'<code class="nw">([A-Z2-7 ]+)</code>', page)[0].split())
    wrong = client.post("/me/step", data={"does": "confirm", "code": "nonsense"})
    assert wrong.status_code == 422 and "not the code it shows now" in wrong.text and "<svg" in wrong.text
    done = client.post("/me/step", data={"does": "confirm", "code": Device(secret).code()})
    assert done.status_code == 200 and done.text.count("<li><code>") == 8
    assert client.post("/me/step", data={"does": "begin"}).status_code == 409
    anew = client.post("/me/step", data={"does": "codes"})
    assert anew.text.count("<li><code>") == 8 and anew.text != done.text
    assert client.post("/me/step", data={"does": "drop"}).status_code == 303
    assert client.get("/me?ask=step").text.count("Whoever learns your password comes in.") == 1
    what = [one.what for one in events_of(session, priya)]
    assert what == ["factor_off", "recovery_codes", "factor_on", "signed_in"]


def test_the_qr_says_whose_and_which() -> None:
    parts = urlsplit(provisioning(RFC_SECRET, "priya", "Northmoor Energy"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Northmoor%20Energy:priya")
    said = parse_qs(parts.query)
    assert said["secret"] == [RFC_SECRET] and said["issuer"] == ["Northmoor Energy"]


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1, the last six of eight digits."""
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize("with_factor", [True, False])
def test_sensitive_acts_ask_again(
    session: Session, make_client: MakeClient, priya: int, with_factor: bool
) -> None:
    device = factor_of(session, priya)[0] if with_factor else None
    client = make_client(installed=[])
    assert isinstance(client.app, FastAPI)
    client.app.include_router(grave)
    client.post("/sign-in", data=RIGHT)
    if device is not None:
        client.post("/sign-in/code", data={"code": device.code()})
    assert client.get("/grave").text == "done"
    session.execute(update(SignIn).values(proved_at=utc_now() - timedelta(minutes=16)))
    asked = client.get("/grave?a=1")
    assert asked.headers["location"] == "/sign-in/again?next=%2Fgrave%3Fa%3D1"
    sent = client.post("/grave", headers={"Referer": "http://testserver/me?ask=step"})
    assert sent.headers["location"] == "/sign-in/again?next=%2Fme%3Fask%3Dstep"
    swapped = client.post("/grave", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/me"})
    assert swapped.headers["hx-redirect"] == "/sign-in/again?next=%2Fme"
    assert "Is it still you, Priya Nair?" in client.get(asked.headers["location"]).text
    assert client.post("/sign-in/again", data={"code": "wrong", "next": "/grave"}).status_code == 401
    proof = device.code(1) if device is not None else PASSWORD  # a step may end in between
    right = client.post("/sign-in/again", data={"code": proof, "next": "/grave"})
    assert (right.status_code, right.headers["location"]) == (303, "/grave")
    assert client.get("/grave").text == "done"
    assert client.post("/sign-in/again", data={"code": "x", "next": "//evil.example"}).status_code == 401


def test_a_password_somebody_gave_opens_only_the_form_for_an_own_one(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    session.execute(update(User).values(password_expires_at=utc_now() + timedelta(days=3)))
    client = make_client(installed=[])
    first = client.post("/sign-in", data=RIGHT)
    assert first.headers["location"] == "/sign-in/new-password?next=%2F"
    assert client.get("/").status_code == 303
    page = client.get(first.headers["location"])
    assert page.status_code == 200 and 'autocomplete="new-password"' in page.text
    for new, said in (
        (PASSWORD, "the password you have"),
        ("password1", "is guessed soon"),
        ("a b", "at least 8"),
    ):
        again = client.post("/sign-in/new-password", data={"new": new})
        assert again.status_code == 422 and said in again.text
        assert f'value="{new}"' not in again.text
    done = client.post("/sign-in/new-password", data={"new": " four words of mine "})
    assert done.headers["location"] == "/" and client.get("/").status_code == 200
    blank = make_client(installed=[])
    for password, code in (("four words of mine", 401), (" four words of mine ", 303)):
        assert blank.post("/sign-in", data=RIGHT | {"password": password}).status_code == code


def test_a_password_somebody_gave_is_past_after_its_days(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    session.execute(update(User).values(password_expires_at=utc_now() - timedelta(seconds=1)))
    answer = make_client(installed=[]).post("/sign-in", data=RIGHT)
    assert answer.status_code == 403 and "Ask an admin for another." in answer.text
    assert COOKIE not in answer.cookies


def test_a_half_sign_in_is_over_after_ten_minutes(
    session: Session, make_client: MakeClient, priya: int
) -> None:
    device, _ = factor_of(session, priya)
    client = make_client(installed=[])
    client.post("/sign-in", data=RIGHT)
    session.execute(update(SignIn).values(begun_at=utc_now() - timedelta(minutes=10)))
    assert client.post("/sign-in/code", data={"code": device.code()}).headers["location"] == "/sign-in"


def test_a_step_needs_the_password_first(session: Session, make_client: MakeClient) -> None:
    stranger = make_client(installed=[])
    for step in ("code", "second-step", "new-password", "again"):
        for answer in (
            stranger.get(f"/sign-in/{step}"),
            stranger.post(f"/sign-in/{step}", data={"code": "1"}),
        ):
            assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    somebody = make_user(session, "ops")
    assert check_factor(session, somebody.id, SEALER, "123456", utc_now()) == ""
