"""A browser's stand-in on the real database: what a page writes is rolled back with the test's session."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from tests.web.browsing import Chromium, started_chromium
from tests.web.people import People, put_in
from utility_crm.app import create_app
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.sign_ins import begin_sign_in
from utility_crm.auth.tables import User
from utility_crm.kit.clock import utc_now
from utility_crm.kit.module import Module
from utility_crm.kit.settings import settings

SECRET = "only for tests"
MakeClient = Callable[..., TestClient]


@pytest.fixture(scope="module", autouse=True)
def demo_day() -> Iterator[None]:
    """The demo utility on Friday 20 November 2026, whatever day it is. Between two tests of a file, too: a
    server that serves them all is asked by its open pages meanwhile, and what it then took for the settings
    might last into the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UTILITY_CRM_DEMO", "true")
        patch.setenv("UTILITY_CRM_AS_OF", "2026-11-20")
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(autouse=True)
def demo_settings(
    demo_day: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Agents see whom they speak with at once, unless a test asks for `verification`."""
    if "verification" not in request.fixturenames:
        monkeypatch.setenv("UTILITY_CRM_CALLER_VERIFICATION", "false")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(autouse=True)
def no_failed_parts(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A page goes on when a part of it fails; a test does not, unless it asks for `may_fail`."""
    yield
    if "may_fail" not in request.fixturenames:
        failed = [one for one in caplog.get_records("call") if one.name.startswith("utility_crm.")]
        assert not [one.getMessage() for one in failed if one.levelno >= logging.WARNING]


@pytest.fixture(scope="session", autouse=True)
def one_loop() -> Iterator[None]:
    """Every request of every client began and ended an event loop, and threads, of its own: a third of what
    a small page takes."""
    with start_blocking_portal() as portal, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "portal", portal)
        yield


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A real browser, one a file."""
    yield from started_chromium()


@pytest.fixture
def verification() -> None:
    """In this test callers are masked until they are verified, as in a house by default."""


@pytest.fixture
def may_fail() -> None:
    """This test lets a part of a page fail."""


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Module:
    """A small package of the tests' own: two questions and a little of everything around them."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    found: Module = importlib.import_module("sample").MODULE
    return found


@pytest.fixture
def people(session: Session) -> People:
    """A few invented customers."""
    return put_in(session)


def make_user(session: Session, role: str, *, language: str = "en", name: str = "Priya Nair") -> User:
    """A member of staff who can be signed in by cookie (the password is nobody's)."""
    user = User(login=f"{role}.{language}", name=name, role=role, password_hash="nobody's", language=language)
    session.add(user)
    session.flush()
    return user


@pytest.fixture
def make_app(session: Session) -> Callable[..., FastAPI]:
    """The application inside the test's transaction; `installed` replaces the packages it shows."""

    def made(installed: Sequence[Module] | None = None) -> FastAPI:
        app = create_app(session.connection(), installed=installed, secret=SECRET)
        if installed is None:
            app.router.routes = list(_routes(app.router.routes))
        return app

    return made


_ROUTES: list[BaseRoute] = []


def _routes(anew: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """Those of the first application for all that show the same packages: routes know no application, and
    what each asks for is worked out when it is first looked at, 0.1 s for all of them."""
    if not _ROUTES:
        _ROUTES.extend(anew)
    assert [type(one) for one in anew] == [type(one) for one in _ROUTES]
    return _ROUTES


@pytest.fixture
def make_client(session: Session, make_app: Callable[..., FastAPI]) -> MakeClient:
    """A client signed in as a role: `client = make_client("agent")`; redirects are not followed."""

    def made(
        role: str | None = None, *, language: str = "en", installed: Sequence[Module] | None = None
    ) -> TestClient:
        app = make_app(installed)
        client = TestClient(app, base_url="http://testserver", follow_redirects=False)
        if role is not None:
            user = make_user(session, role, language=language)
            token = begin_sign_in(session, user.id, utc_now(), address="testclient", browser="a test")
            client.cookies.set(COOKIE, app.state.sessions.issue(token))
        return client

    return made
