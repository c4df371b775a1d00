"""The database really stops: under a request, a form, a page that listens. Nothing is lost or doubled."""

from __future__ import annotations

import html
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from starlette.testclient import TestClient

from tests.web.browsing import PASSWORD, serving
from tests.web.live.test_live import Served
from tests.web.people import People, put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.customers.tables import Contact
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.migrations import migrate

pytestmark = pytest.mark.usefixtures("may_fail")
NOTE = "She asks why\nOctober is <dearer>"


@dataclass
class House:
    """A server of its own that may be stopped."""

    server: EmbeddedServer
    engine: Engine
    people: People
    user_id: int

    def stop(self) -> None:
        self.server._cluster.stop()

    def notes(self) -> int:
        with unit_of_work(self.engine) as session:
            mine = Contact.note == NOTE
            return session.scalar(select(func.count()).select_from(Contact).where(mine)) or 0


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="ucrm-away-", dir="/tmp"))
    folder.chmod(0o711)
    server = EmbeddedServer(folder / "home", fast=True).start()
    load_tables()
    engine = make_engine(server.url())
    migrate(engine)
    with unit_of_work(engine) as session:
        people = put_in(session)
        user_id = add_user(session, login="priya", name="Priya", role="agent", password=PASSWORD)
    yield House(server, engine, people, user_id)
    engine.dispose()
    server.leave()
    shutil.rmtree(folder)


@pytest.fixture
def there(house: House) -> Iterator[House]:
    yield house
    house.server.start()


def client_of(house: House) -> TestClient:
    client = TestClient(create_app(house.engine, secret="away"), follow_redirects=False)
    assert client.post("/sign-in", data={"login": "priya", "password": PASSWORD}).status_code == 303
    return client


def fields(page: str) -> dict[str, str]:
    """The form of the page, as a browser would send it: its breaks as two signs."""
    form = page[page.index('id="form-again"') : page.index("</form>", page.index('id="form-again"'))]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', form))
    return {name: html.unescape(value) for name, value in found.items()}


def test_a_form_under_which_the_database_stops_comes_back_whole_and_is_done_once(there: House) -> None:
    client = client_of(there)
    path = f"/customers/{there.people.margaret}/contacts"
    told = {"channel": "call", "topic": "bill", "note": NOTE, "do": "l", "ask": "why", "once": "c0ffee"}
    stops = [there.stop]

    def stop_in_the_middle(_session: Any, **_: Any) -> None:
        while stops:
            stops.pop()()

    client.app.state.logged = (stop_in_the_middle,)  # type: ignore[attr-defined]
    away = client.post(path, data=told)
    assert away.status_code == 503
    assert "The database does not answer" in away.text and "Nothing is lost" in away.text
    assert fields(away.text) == told
    still = client.post(path, data=told)  # before it is back
    assert still.status_code == 503 and fields(still.text) == told
    there.server.start()
    assert there.notes() == 0
    done = client.post(path, data=fields(still.text))
    assert done.status_code == 303
    again = client.post(path, data=fields(still.text))
    assert (again.status_code, again.headers["location"]) == (303, done.headers["location"])
    assert there.notes() == 1


def test_every_kind_of_asking_is_told_where_it_failed(there: House) -> None:
    client = client_of(there)
    address = f"/customers/{there.people.margaret}"
    there.stop()
    page = client.get(address)
    assert page.status_code == 503 and "<html" in page.text and "does not answer" in page.text
    sheet = client.get(address, headers={"HX-Request": "true"})
    assert sheet.status_code == 503 and "<html" not in sheet.text and "does not answer" in sheet.text
    machine = client.post("/api/v1/telephony/events", json={}, headers={"Authorization": "Bearer x"})
    assert (machine.status_code, machine.headers["content-type"]) == (503, "application/problem+json")
    assert client.post("/drafts", json={"key": "a", "text": "b", "version": 0}).status_code == 503
    assert client.get("/live").status_code == 503


def test_a_page_that_listens_hears_again_after_the_database_was_away(there: House) -> None:
    with serving(create_app(there.engine, installed=[], secret="away")) as address:
        served = Served(address, there.engine, {"priya": there.user_id})
        with closing(served.stream("priya")) as priya:
            priya.next()
            served.push("priya", {"word": "before"})
            assert priya.payload() == {"word": "before"}
            there.stop()
            there.server.start()
            served.push("priya", {"word": "after"})
            assert priya.payload() == {"word": "after"}
