"""Signing in by an identity provider: a real one on a port of its own, honest and not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient, make_user
from tests.web.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from utility_crm.auth.door_tables import OutsideIdentity, SignIn
from utility_crm.auth.events import events_of
from utility_crm.auth.oidc import Outsider
from utility_crm.auth.outsiders import add_outsider, link
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.settings import Settings, settings


@pytest.fixture(scope="module")
def served() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(served: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    honest = dict(vars(served))
    for name, value in {
        "OIDC_ISSUER": served.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_NAME": "Corp", "PUBLIC_URL": "http://testserver",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"UTILITY_CRM_{name}", value)
    settings.cache_clear()
    yield served
    vars(served).update(honest)


@pytest.fixture
def priya(session: Session, provider: IdentityProvider) -> User:
    user = make_user(session, "agent")
    link(
        session,
        user.id,
        Outsider(provider.issuer, provider.subject, "", "priya@corp.example", None),
        utc_now(),
    )
    return user


def sent(client: TestClient, wanted: str = "/", **query: str) -> dict[str, str]:
    """The browser is sent to the provider; what it is sent with."""
    answer = client.get("/sign-in/outside", params={"next": wanted, **query})
    assert answer.status_code == 303, answer.text
    return {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def brought(
    client: TestClient, provider: IdentityProvider, wanted: str = "/", **query: str
) -> httpx2.Response:
    """There and back again."""
    return client.get(provider.authorize(sent(client, wanted, **query)))


def test_who_is_linked_comes_in(
    session: Session, make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    client = make_client(installed=[])
    assert "Sign in with Corp" in client.get("/sign-in?next=/customers").text
    answer = brought(client, provider, "/customers?q=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/customers?q=a")
    assert "Priya Nair" in client.get("/").text and "outside" not in client.cookies
    assert session.scalars(select(SignIn.way)).one() == "outside"
    assert [one.what for one in events_of(session, priya.id)] == ["signed_in"]


def test_each_journey_has_its_own_secrets(make_client: MakeClient, provider: IdentityProvider) -> None:
    first, second = sent(make_client(installed=[])), sent(make_client(installed=[]))
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43 and first[name] != second[name]


NOW = int(time.time())


@pytest.mark.parametrize(
    "bent",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": [CLIENT, "somebody-else"]}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": NOW - 3600}},
        {"claims": {"exp": None}},
        {"claims": {"iat": NOW + 3600}},
        {"claims": {"sub": None}},
        {"unsigned": True},
        {"hmac": True},
        {"published": RSAKey.generate_key(2048, {"kid": "one"})},
        {"published": RSAKey.generate_key(2048, {"kid": "two"})},
        {
            "header": {"jwk": RSAKey.generate_key(2048).as_dict(private=False)},
            "key": RSAKey.generate_key(2048),
        },
        {"described": {"issuer": "https://evil.example"}},
        {"described": {"token_endpoint": "ftp://evil.example/token"}},
    ],
    ids=lambda bent: "-".join(f"{name}" for name in bent) + str(sorted(bent.get("claims", bent)))[:40],
)
def test_a_token_that_is_not_as_it_must_be_opens_nothing(
    session: Session, make_client: MakeClient, provider: IdentityProvider, priya: User, bent: dict[str, Any]
) -> None:
    if "key" in bent:
        bent = bent | {"published": provider.key}
    described = bent.pop("described", None) if "described" in bent else None
    client = make_client(installed=[])
    if described is not None:
        provider.described = described
        assert client.get("/sign-in/outside").status_code == 403
        provider.described = {}
        return
    vars(provider).update(bent)
    answer = brought(client, provider)
    assert answer.status_code == 403 and "was not believed" in answer.text
    assert client.get("/").status_code == 303
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_new_key_of_the_provider_is_found(
    make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    client = make_client(installed=[])
    assert brought(client, provider).status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "next"})
    provider.header = {"kid": "next"}
    assert brought(client, provider).status_code == 303


def test_what_comes_back_belongs_to_the_browser_that_was_sent(
    make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    sender, other = make_client(installed=[]), make_client(installed=[])
    address = provider.authorize(sent(sender))
    assert other.get(address).status_code == 403  # it was never sent
    sent(other)
    assert other.get(address).status_code == 403  # it was sent with another state
    assert sender.get(address.replace("state=", "state=x")).status_code == 403
    assert sender.get(address.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F")).status_code == 403
    assert sender.get(address).status_code == 303
    assert sender.get(address).status_code == 403  # a second time it is nobody's
    assert sender.get("/sign-in/outside/back?error=access_denied").status_code == 403


def test_a_stolen_code_is_nothing_without_the_verifier(
    make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    victim, thief = make_client(installed=[]), make_client(installed=[])
    stolen = provider.authorize(sent(victim))
    own = sent(thief)
    query = {name: one[0] for name, one in parse_qs(urlsplit(stolen).query).items()} | {"state": own["state"]}
    assert thief.get("/sign-in/outside/back", params=query).status_code == 403


def test_another_site_does_not_begin_it(make_client: MakeClient, provider: IdentityProvider) -> None:
    client = make_client(installed=[])
    answer = client.get("/sign-in/outside", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and "outside" not in client.cookies


def test_it_leads_nowhere_else(make_client: MakeClient, provider: IdentityProvider, priya: User) -> None:
    assert brought(make_client(installed=[]), provider, "//evil.example").headers["location"] == "/"


def test_whom_nobody_added_is_refused(
    session: Session, make_client: MakeClient, provider: IdentityProvider
) -> None:
    make_user(session, "admin", name="Ines").login = "priya"
    session.flush()  # the same name and mail are nothing: only issuer and subject count
    answer = brought(make_client(installed=[]), provider)
    assert answer.status_code == 403 and "Nobody here is linked to this identity." in answer.text
    assert session.scalar(select(func.count()).select_from(OutsideIdentity)) == 0


def test_new_people_get_the_role_that_is_set_and_never_an_admins(
    session: Session, make_client: MakeClient, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_OIDC_NEW_PEOPLE", "marketer")
    settings.cache_clear()
    client = make_client(installed=[])
    provider.claims = {"role": "admin", "roles": ["admin"], "groups": ["admin"]}
    assert brought(client, provider).status_code == 303
    made = session.scalars(select(User)).one()
    assert (made.login, made.name, made.role) == ("priya", "Priya Nair", "marketer")
    assert brought(client, provider).status_code == 303  # again it is the same person
    assert session.scalar(select(func.count()).select_from(User)) == 1
    with pytest.raises(ValidationError):
        Settings(oidc_new_people="admin")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        add_outsider(session, Outsider("i", "s", "", "", None), "admin", "en", utc_now())


def test_who_left_does_not_come_back_by_it(
    session: Session, make_client: MakeClient, provider: IdentityProvider, priya: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("UTILITY_CRM_OIDC_NEW_PEOPLE", "agent")
    settings.cache_clear()
    priya.active = False
    session.flush()
    assert brought(make_client(installed=[]), provider).status_code == 403
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_an_identity_is_linked_by_its_person_and_unlinked(
    session: Session, make_client: MakeClient, provider: IdentityProvider
) -> None:
    client, other = make_client("ops", installed=[]), make_client("marketer", installed=[])
    assert brought(client, provider, "/me", purpose="link").headers["location"] == "/me?ask=step"
    assert "priya@corp.example" in client.get("/me?ask=step").text
    assert brought(other, provider, "/me", purpose="link").status_code == 409  # it is somebody's already
    entered = make_client(installed=[])
    assert brought(entered, provider).status_code == 303
    identity = session.scalars(select(OutsideIdentity.id)).one()
    assert other.post(f"/me/outside/{identity}/drop").status_code == 404
    assert client.post(f"/me/outside/{identity}/drop").status_code == 303
    assert brought(make_client(installed=[]), provider).status_code == 403


def test_linking_asks_first_who_one_is(
    session: Session, make_client: MakeClient, provider: IdentityProvider
) -> None:
    client = make_client("ops", installed=[])
    session.execute(update(SignIn).values(proved_at=utc_now() - timedelta(minutes=16)))
    answer = client.get("/sign-in/outside?purpose=link")
    assert answer.headers["location"].startswith("/sign-in/again")


def test_showing_again_is_asked_of_the_provider_anew(
    session: Session, make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    client = make_client(installed=[])
    provider.claims = {"auth_time": NOW - 7200}
    brought(client, provider)
    assert client.post("/me/step", data={"does": "begin"}).headers["location"].startswith("/sign-in/again")
    assert "Show it at Corp" in client.get("/sign-in/again").text
    stale = brought(client, provider, "/me", purpose="again")
    assert provider.asked[-1]["prompt"] == "login" and provider.asked[-1]["max_age"] == "0"
    assert stale.status_code == 403  # the provider did not ask
    provider.claims = {}
    assert brought(client, provider, "/me", purpose="again").headers["location"] == "/me"
    assert client.post("/me/step", data={"does": "begin"}).status_code == 200


def test_showing_again_as_somebody_else_is_nothing(
    session: Session, make_client: MakeClient, provider: IdentityProvider, priya: User
) -> None:
    client = make_client("ops", installed=[])
    assert brought(client, provider, "/me", purpose="again").status_code == 403


def test_a_subject_of_another_issuer_is_another(
    session: Session, provider: IdentityProvider, priya: User
) -> None:
    other = make_user(session, "ops")
    link(session, other.id, Outsider("https://other.example", provider.subject, "", "", None), utc_now())
    with pytest.raises(Conflict):
        link(session, other.id, Outsider(provider.issuer, provider.subject, "", "", None), utc_now())


def test_without_a_provider_there_is_no_such_way(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    assert "/sign-in/outside" not in client.get("/sign-in").text
    assert (
        client.get("/sign-in/outside").status_code == client.get("/sign-in/outside/back").status_code == 404
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://idp.example", "oidc_client_id": "x", "public_url": "https://care.example"},
        {"oidc_issuer": "https://idp.example", "public_url": "https://care.example"},
        {"oidc_issuer": "https://idp.example", "oidc_client_id": "x", "public_url": None},
    ],
)
def test_half_a_provider_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
