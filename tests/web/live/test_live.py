"""Open pages are told what concerns their person, over the real server and the real database."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.web.browsing import PASSWORD, serving
from tests.web.conftest import MakeClient
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user, set_password
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.live import hub
from utility_crm.live.actions import MOST_NOTIFIED, forget_pushes, push


@dataclass
class Served:
    address: str
    engine: Engine
    people: dict[str, int]
    cookies: dict[str, str] = field(default_factory=dict)

    def push(self, who: str, payload: dict[str, Any]) -> None:
        with unit_of_work(self.engine) as session:
            push(session, [self.people[who]], "news", payload)

    def cookie(self, login: str) -> str:
        if login not in self.cookies:
            connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)
            body = f"login={login}&password={PASSWORD.replace(' ', '+')}"
            connection.request(
                "POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"}
            )
            answer = connection.getresponse()
            self.cookies[login] = answer.headers["set-cookie"].partition(";")[0]
        return self.cookies[login]

    def stream(self, login: str, query: str = "") -> Listening:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        connection.request("GET", f"/live{query}", headers={"Cookie": self.cookie(login)})
        return Listening(connection, connection.getresponse())


@dataclass
class Listening:
    """A page that listens; `next` waits for one event."""

    connection: http.client.HTTPConnection
    answer: http.client.HTTPResponse

    def next(self) -> tuple[str, int, dict[str, Any]] | None:
        """Name, number and data; None where the stream has ended."""
        told: dict[str, str] = {}
        while line := self.answer.readline().decode():
            if line == "\n" and told:
                return told["event"], int(told["id"]), json.loads(told["data"])
            if ": " in line and not line.startswith(":"):
                name, _, value = line.rstrip("\n").partition(": ")
                told[name] = value
        return None

    def payload(self) -> Any:
        event = self.next()
        assert event is not None and event[0] == "push"
        return event[2]["payload"]

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[Served]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        people = {
            login: add_user(session, login=login, name=login, role="agent", password=PASSWORD)
            for login in ("priya", "tom")
        }
    with serving(create_app(engine, installed=[], secret="live")) as address:
        yield Served(address, engine, people)
    engine.dispose()


def test_what_is_pushed_reaches_that_person_alone_when_it_is_committed(served: Served) -> None:
    with closing(served.stream("priya")) as priya, closing(served.stream("tom")) as tom:
        for one in (priya, tom):
            event = one.next()
            assert event is not None and event[0] == "here"
        with pytest.raises(ZeroDivisionError), unit_of_work(served.engine) as session:
            push(session, [served.people["priya"]], "news", {"word": "undone"})
            raise ZeroDivisionError
        served.push("priya", {"word": "done", "key": 7})
        served.push("tom", {"word": "other"})
        assert priya.payload() == {"word": "done", "key": 7}
        assert tom.payload() == {"word": "other"}


def test_a_long_word_comes_whole(served: Served) -> None:
    long = "я" * MOST_NOTIFIED
    with closing(served.stream("priya")) as priya:
        priya.next()
        served.push("priya", {"word": long})
        served.push("priya", {"word": "short"})
        assert priya.payload() == {"word": long}
        assert priya.payload() == {"word": "short"}


def test_what_a_page_missed_is_told_first_and_what_is_older_than_the_page_is_not(served: Served) -> None:
    served.push("priya", {"word": "before the page"})
    with closing(served.stream("priya")) as first:
        event = first.next()
        assert event is not None
        began, last = event[2]["at"], event[1]
    served.push("priya", {"word": "meanwhile"})
    with closing(served.stream("priya", f"?since={last}&began={began}")) as again:
        again.next()
        assert again.payload() == {"word": "meanwhile"}
        served.push("priya", {"word": "now"})
        assert again.payload() == {"word": "now"}


def test_a_lost_connection_to_the_database_loses_nothing(
    served: Served, caplog: pytest.LogCaptureFixture, may_fail: None
) -> None:
    with closing(served.stream("priya")) as priya:
        priya.next()
        with served.engine.begin() as connection:
            ended = connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where application_name = 'utility_crm live' and datname = current_database()"
                )
            )
            assert len(ended.all()) == 1
            connection.execute(  # committed with the end of the connection: nobody listens
                text(
                    "insert into pushes (user_ids, kind, payload) values (array[:u], 'news', '{\"word\": 1}')"
                ),
                {"u": served.people["priya"]},
            )
        assert priya.payload() == {"word": 1}
        served.push("priya", {"word": 2})
        assert priya.payload() == {"word": 2}


def test_a_stream_ends_with_its_session(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.05)
    with closing(served.stream("priya")) as priya:
        priya.next()
        with unit_of_work(served.engine) as session:
            set_password(session, "priya", "another password of hers")
        event = priya.next()
        assert event is not None and event[0] == "ended"
        assert priya.next() is None


def test_a_page_that_takes_nothing_is_cut_off_and_the_others_go_on() -> None:
    stream, other = (hub.Stream(1, lambda _session: True) for _ in range(2))
    for number in range(hub.MOST_WAITING + 1):
        stream.tell(hub.Event(number, "news", {}))
        other.tell(hub.Event(number, "news", {}))
        other.waiting.get_nowait()
    assert stream.waiting.get_nowait() is None
    assert stream.waiting.empty()
    assert other.waiting.empty()


def test_nobody_signed_in_hears_nothing(make_client: MakeClient) -> None:
    assert make_client(None).get("/live").status_code == 401
    assert make_client("agent").get("/live").status_code == 204  # it is not served: there is nothing to hear


def test_the_clock_forgets_what_was_pushed(served: Served) -> None:
    client = TestClient(create_app(served.engine, installed=[], secret="live"))
    assert client.get("/live").status_code == 401
    served.push("priya", {"word": "old"})
    with unit_of_work(served.engine) as session:
        session.execute(text("update pushes set at = now() - interval '11 minutes'"))
        push(session, [served.people["priya"]], "news", {"word": "new"})
    with unit_of_work(served.engine) as session:
        forget_pushes(session, session.scalar(text("select now()")))
        assert session.scalars(text("select payload ->> 'word' from pushes")).all() == ["new"]
