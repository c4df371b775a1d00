"""All packages in one house, over a small demo utility: each room opens, each question is answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin

import pytest
from sqlalchemy import Engine, event, text
from starlette.testclient import TestClient

from tests.conftest import demo_databases
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    Look,
    Page,
    arrive,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from tests.web.proofs import Proofs, leaks
from tests.web.written import write
from utility_crm.app import create_app
from utility_crm.auth.actions import set_password
from utility_crm.auth.permissions import may
from utility_crm.demo.build import build
from utility_crm.installed import modules
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.tickets.domain.numbers import number_of

pytestmark = pytest.mark.usefixtures("verification")
ROLES = ("agent", "supervisor", "marketer", "ops", "admin")
CUSTOMERS = 60
VISIT = """
    insert into appointments (customer_id, premise_id, kind, on_day, starts, ends, note, made_at, made_by)
    select a.customer_id, o.premise_id, 'meter_check', date '2026-11-23', time '09:00', time '11:00', '',
        now(), u.id
    from users u, accounts a join occupancies o on o.account_id = a.id
    where u.login = :login order by a.customer_id limit 1
"""


@dataclass
class House:
    """The demo utility and how to sign in."""

    engine: Engine
    logins: dict[str, str]

    def client(self, role: str) -> TestClient:
        client = TestClient(create_app(self.engine, secret="whole house"))
        answer = client.post("/sign-in", data={"login": self.logins[role], "password": PASSWORD})
        assert answer.status_code == 200
        return client


@pytest.fixture(scope="module")
def house(server: EmbeddedServer | None) -> Iterator[House]:
    with demo_databases(server, "whole_house", build_house) as engine:
        first = "select distinct on (role) role, login from users order by role, id"
        with engine.connect() as connection:  # a second agent sees one area only
            logins = {row.role: row.login for row in connection.execute(text(first))}
        yield House(engine, logins)


def build_house(engine: Engine) -> None:
    people = build(engine, modules(), as_of=date(2026, 11, 20), customers=CUSTOMERS)
    with unit_of_work(engine) as session:
        for one in people:
            set_password(session, one.login, PASSWORD)


def links_of(page: str) -> list[str]:
    """The rooms and questions a page leads to, and the first rows of its lists."""
    top = page[page.index('<header class="top">') : page.index("</header>")]
    ask = page[page.index('<nav class="ask"') :] if '<nav class="ask"' in page else ""
    ask = ask[: ask.index("</nav>")] if ask else ""
    rows = re.findall(r'<a [^>]*href="(/[^"#]*)"[^>]*data-row', page)[:3]
    found = [*re.findall(r'href="(/[^"#]*)"', top + ask), *rows]
    return [address.replace("&amp;", "&") for address in found]


@pytest.mark.parametrize("role", ROLES)
def test_every_room_and_question_of_a_role_opens(house: House, role: str) -> None:
    client = house.client(role)
    queue, seen, shapes = ["/"], set[str](), Counter[str]()
    while queue:
        address = queue.pop()
        shape = re.sub(r"[\dC-]+", "#", address)
        if address in seen or shapes[shape] == 2 or address.startswith("/static"):
            continue  # two customers, bills or feeds stand for all of them here
        shapes[shape] += 1
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        page = answer.text
        assert "Simulated data" in page, address
        assert page.count("<h1") == 1 and page.count("<main") == 1, address
        assert 'style="' not in page, address
        if shapes[shape] == 1:
            fragment = client.get(address, headers={"HX-Request": "true"}).text
            assert "<html" not in fragment, address
        queue += links_of(page)
    rooms = [room.path for module in modules() for room in module.navigation if may(role, room.permission)]
    assert set(rooms) <= seen


@pytest.mark.parametrize(
    ("role", "home"), [("agent", "/"), ("marketer", "/leavers"), ("ops", "/feeds"), ("admin", "/")]
)
def test_everybody_begins_in_a_room_of_their_own(house: House, role: str, home: str) -> None:
    assert house.client(role).get("/").url.path == home


def test_every_question_of_many_customers_is_answered(house: House) -> None:
    client = house.client("agent")
    with house.engine.connect() as connection:
        ids = connection.scalars(text("select id from customers order by id")).all()
    for one in ids[::4]:
        page = client.get(f"/customers/{one}").text
        questions = [address for address in links_of(page) if "?ask=" in address]
        assert len(questions) >= 6
        for address in questions:
            answer = client.get(address, headers={"HX-Request": "true"})
            assert answer.status_code == 200
            assert "Working it out failed" not in answer.text


def test_the_customer_page_asks_the_database_a_bounded_number_of_questions(house: House) -> None:
    client = house.client("agent")
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    with house.engine.connect() as connection:
        ids = connection.scalars(text("select id from customers order by id")).all()
    counts = {}
    event.listen(house.engine, "before_cursor_execute", note)
    for one in ids:
        sent.clear()
        assert client.get(f"/customers/{one}").status_code == 200
        counts[one] = len(sent)
    event.remove(house.engine, "before_cursor_execute", note)
    assert max(counts.values()) <= 16
    # The longest statements take ten times as long to plan as to run: they are planned once a connection.
    with house.engine.connect() as connection:
        anew, once = connection.execute(
            text(
                "select sum(custom_plans), sum(generic_plans) from pg_prepared_statements "
                "where statement like 'select (select json_agg%'"
            )
        ).one()
    assert once > anew


@pytest.mark.browser
def test_from_sign_in_to_the_answer_in_the_real_house(house: House, chromium: Chromium) -> None:
    with serving(create_app(house.engine, secret="whole house")) as address:
        page, complaints = complaining_page(chromium)
        sign_in(page, address, house.logins["agent"])
        page.keyboard.press("Control+k")
        page.keyboard.type("margaret ashd", delay=15)
        page.wait_for_selector("#found [aria-selected=true]")
        page.keyboard.press("Enter")
        arrive(page, "**/customers/*")
        said = page.inner_text("blockquote")
        assert re.search(r"Your \w+ bill is £[\d,.]+ (more|less) than", said)
        assert re.search(r"left over £0\.00", page.inner_text("#main"))
        for key in "23451":
            page.keyboard.press(key)
            page.wait_for_function(
                "key => document.activeElement.closest('.ask li')?.querySelector('kbd').innerText === key"
                " && !document.querySelector('#main.htmx-request')",
                arg=key,
            )
            assert page.inner_text("blockquote")
        assert said == page.inner_text("blockquote")
        assert complaints == []


LOOKS: tuple[Look, ...] = (("light", 1280), ("dark", 390), ("dark", 640))  # the last is 1280 at 200 %


@pytest.mark.browser
def test_axe_finds_nothing_in_any_room(house: House, chromium: Chromium) -> None:
    """Every room by its first page in every look, each further question, as its link brings it, in one of
    them. Nothing scrolls sideways (WCAG 1.4.10), but for tables inside themselves."""
    with serving(create_app(house.engine, secret="whole house")) as address:
        page, complaints = complaining_page(chromium)
        sign_in(page, address, house.logins["admin"])
        rooms = [room.path for module in modules() for room in module.navigation]
        with house.engine.connect() as connection:
            customer = connection.scalar(text("select id from customers where name = 'Margaret Ashdown'"))
            bill = connection.scalar(text("select number from bills order by id limit 1"))
            ticket = connection.scalar(
                text("select id from tickets where status = 'open' order by id limit 1")
            )
        found, looked_at = [], 0
        for path in [*rooms, f"/customers/{customer}", f"/bills/{bill}", f"/tickets/{number_of(ticket)}"]:
            page.goto(address + path)
            found += [(path, *violation) for violation in violations_in(page, LOOKS)]
            for place, link in enumerate(page.eval_on_selector_all(QUESTIONS, ADDRESSES)[1:]):
                ask_by_link(page, link)
                looked_at += 1
                look = LOOKS[place % len(LOOKS)]
                found += [(page.url.removeprefix(address), *wrong) for wrong in violations_in(page, [look])]
        assert not found and looked_at > 3 * len(rooms)
        assert complaints == []


QUESTIONS = ".ask ol a"
ADDRESSES = "links => links.map(link => link.getAttribute('href'))"
ANSWERED = """address => !document.querySelector('#main.htmx-request')
    && document.querySelector('.ask ol [aria-current]')?.getAttribute('href') === address"""


def ask_by_link(page: Page, address: str) -> None:
    """The sheet of another question is there; one that is a page of its own has come whole."""
    link = page.locator(f"{QUESTIONS}[hx-get][href='{address}']")
    if link.count() != 1:
        page.goto(urljoin(page.url, address))
        return
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        link.evaluate("link => link.click()")  # on a phone it may be out of sight
    page.wait_for_function(ANSWERED, arg=address)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 640, 390])
def test_the_room_one_is_in_stands_in_the_line_and_the_others_behind_more(
    house: House, chromium: Chromium, width: int
) -> None:
    with serving(create_app(house.engine, secret="whole house")) as address:
        page, complaints = complaining_page(chromium, {"width": width, "height": 720})
        sign_in(page, address, house.logins["supervisor"])
        rooms = page.eval_on_selector_all(
            ".top nav a", "links => links.map(link => [link.getAttribute('href'), link.dataset.go])"
        )
        last, letter = "/duplicates", "q"
        paths = {go: path for path, go in rooms}
        page.goto(address + last)
        inside = """() => {
            const nav = document.querySelector(".top nav").getBoundingClientRect();
            const here = document.querySelector(".top nav [aria-current]").getBoundingClientRect();
            return here.width > 0 && here.left >= nav.left && here.right <= nav.right + 1;
        }"""
        assert page.evaluate(inside)
        page.focus(".rest button")
        page.keyboard.press("Enter")
        page.wait_for_selector("#more-rooms:popover-open a")
        behind = page.eval_on_selector_all("#more-rooms a", "links => links.map(link => link.dataset.go)")
        assert behind and letter not in behind
        page.keyboard.press("Escape")
        page.wait_for_selector("#more-rooms:popover-open", state="detached")
        assert page.url == address + last
        page.keyboard.press("g")
        page.wait_for_selector(f"#more-rooms:popover-open [data-go={behind[0]}]")
        page.keyboard.press(behind[0])
        arrive(page, f"**{paths[behind[0]]}")
        assert page.evaluate(inside)
        assert complaints == []


@pytest.mark.parametrize("role", ["supervisor", "agent", "marketer"])
def test_no_page_of_any_room_holds_what_callers_are_asked(house: House, role: str) -> None:
    """They have verified nobody: what is asked as a proof stands nowhere, not in what people wrote
    either, and no file holds it; yet everybody is found by it. The last here: its texts stay."""
    with house.engine.connect() as connection:
        proofs = Proofs.in_house(connection)
        ids = connection.scalars(text("select id from customers order by id limit 2")).all()
        calls = connection.scalars(text("select id from calls where customer_id is null limit 1")).all()
    with house.engine.begin() as connection:  # somebody comes tomorrow, and it is in the calendar
        connection.execute(text(VISIT), {"login": house.logins[role]})
        write(connection)
    assert all(len(proofs.of[kind]) > CUSTOMERS // 4 for kind in ("postcode", "phone", "email", "meter"))
    rooms = ["/", *(room.path for module in modules() for room in module.navigation), "/mailbox"]
    typed_in = proofs.searches(calls) if role == "agent" else []
    starts = [*rooms, *(f"/customers/{one}" for one in ids), *typed_in]
    client = house.client(role)
    assert leaks(client, starts, proofs) == {}
    for kind in ("postcode", "phone", "email", "meter"):
        hits = client.get(
            "/customers/found", params={"q": proofs.of[kind][0]}, headers={"HX-Request": "true"}
        )
        typed = proofs.of[kind][0]  # a thing that was typed whole is named as it was
        assert "data-href" in hits.text and not proofs.held_by(hits.text, typed), kind
