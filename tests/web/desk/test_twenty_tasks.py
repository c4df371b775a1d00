"""What an agent does a hundred times a day, by keyboard alone, each key counted as docs/desk.md says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.web.browsing import Chromium, Page, arrive, complaining_page, focused, serving, sign_in
from tests.web.test_whole_house import House, house  # noqa: F401 - a fixture
from utility_crm.app import create_app

pytestmark = pytest.mark.browser
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "desk.md"


@dataclass
class Hands:
    """An agent's hands on a keyboard: nothing else is ever used. A chord counts as one key; letters of what
    is said are counted by themselves."""

    page: Page
    address: str
    house: House
    customer: int
    keys: int = 0
    letters: int = 0
    seen: list[str] = field(default_factory=list)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.letters += len(words)
        self.page.keyboard.type(words)

    def at(self, path: str) -> None:
        """Where the task begins: nothing is counted."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector(".keys [data-help]", state="attached")
        self.keys = self.letters = 0

    def on_customer(self) -> None:
        self.at(f"/customers/{self.customer}")

    def cursor_in(self, selector: str) -> None:
        focused(self.page, f"at.matches({selector!r})")

    def told(self, words: str) -> None:
        """Waits until the page says so."""
        self.page.wait_for_function("words => new RegExp(words).test(document.body.innerText)", arg=words)

    def ask(self, sql: str, **values: object) -> object:
        with self.house.engine.connect() as connection:
            return connection.scalar(text(sql), {"customer": self.customer, **values})


@pytest.fixture(scope="module")
def desk(house: House, chromium: Chromium) -> Iterator[Hands]:  # noqa: F811
    with serving(create_app(house.engine, secret="whole house")) as address:
        page, complaints = complaining_page(chromium)
        sign_in(page, address, house.logins["agent"])
        with house.engine.connect() as connection:
            customer = connection.scalar(text("select id from customers where name = 'Margaret Ashdown'"))
        assert isinstance(customer, int)
        yield Hands(page, address, house, customer)
        assert complaints == []


TASKS: dict[str, Callable[[Hands], None]] = {}


def task(words: str) -> Callable[[Callable[[Hands], None]], Callable[[Hands], None]]:
    """Names a task as docs/desk.md does."""

    def named(does: Callable[[Hands], None]) -> Callable[[Hands], None]:
        TASKS[words] = does
        return does

    return named


@task("Find the caller and open their page")
def find(hands: Hands) -> None:
    hands.at("/")
    hands.press("Control+k")
    hands.type("margaret ashd")
    hands.page.wait_for_selector("#found [aria-selected=true]")
    hands.press("Enter")
    arrive(hands.page, "**/customers/*")
    hands.told("Margaret Ashdown")


@task("Find a caller whose name was misheard")
def misheard(hands: Hands) -> None:
    hands.at("/")
    hands.press("Control+k")
    hands.type("margret ashdwon")
    hands.page.wait_for_selector("#found [aria-selected=true]")
    hands.press("Enter")
    arrive(hands.page, "**/customers/*")
    hands.told("Margaret Ashdown")


@task("Say why the bill is different: the page opens with the answer")
def why(hands: Hands) -> None:
    hands.on_customer()
    assert re.search(r"Your \w+ bill is £[\d,.]+ (more|less) than", hands.page.inner_text("blockquote"))
    assert "left over £0.00" in hands.page.inner_text("#main")


def _question(hands: Hands, title: str, words: str) -> None:
    """Presses the key that stands beside a question; a two-key one is two keys."""
    hands.on_customer()
    keys = hands.page.evaluate(
        "title => [...document.querySelectorAll('.ask li')]"
        ".find(li => li.innerText.includes(title)).querySelector('kbd').innerText",
        title,
    )
    hands.press(*keys.split())
    hands.page.wait_for_function(
        "title => document.querySelector('#main h2')?.innerText.includes(title)"
        " && !document.querySelector('#main.htmx-request')",
        arg=title,
    )
    assert re.search(words, hands.page.inner_text("#main"))


@task("Say what they owe")
def owe(hands: Hands) -> None:
    _question(hands, "What do I owe", r"£[\d,.]+")


@task("Say what the next bill will be")
def next_bill(hands: Hands) -> None:
    _question(hands, "What will the next bill be", r"£[\d,.]+")


@task("Copy the sentence of the answer")
def copy(hands: Hands) -> None:
    hands.on_customer()
    hands.page.evaluate(
        "() => { navigator.clipboard.writeText = async words => { window.copied = words; }; }"
    )
    hands.press("y")
    hands.page.wait_for_function("() => (window.copied || '').includes('bill')")


@task("Log the call")
def log(hands: Hands) -> None:
    hands.on_customer()
    hands.press("l")
    hands.cursor_in("textarea[name=note]")
    hands.type("Asked about September")
    hands.press("Control+Enter")
    hands.told("What was said is kept")


@task("Log a complaint")
def complain(hands: Hands) -> None:
    hands.on_customer()
    hands.press("l")
    hands.cursor_in("textarea[name=note]")
    hands.type("Third estimate in a row")
    hands.press("Tab", "Tab", "Tab", "Space", "Tab", "Enter")
    hands.told("The complaint is kept")


@task("Answer a complaint")
def answer(hands: Hands) -> None:
    hands.on_customer()
    hands.press("a")
    hands.cursor_in("textarea[name=outcome]")
    hands.type("Read the meter, bill put right")
    hands.press("Control+Enter")
    hands.told("The complaint is answered")


@task("Verify the caller")
def verify(hands: Hands) -> None:
    bill = hands.ask(
        "select total_minor from bills b join accounts a on a.id = b.account_id "
        "where a.customer_id = :customer and b.status = 'issued' order by b.ends_before desc limit 1"
    )
    known = {
        "last_bill": f"{int(str(bill)) / 100:.2f}",
        **{
            kind: str(
                hands.ask(
                    f"select min(value) from contact_points where customer_id = :customer and kind = '{kind}'"
                )
            )
            for kind in ("phone", "email")
        },
        "meter": str(
            hands.ask(
                "select min(m.serial) from accounts a join occupancies o on o.account_id = a.id "
                "join service_points s on s.premise_id = o.premise_id "
                "join meters m on m.service_point_id = s.id and m.removed_before is null "
                "where a.customer_id = :customer"
            )
        ),
        "postcode": str(
            hands.ask(
                "select min(p.postcode) from premises p join occupancies o on o.premise_id = p.id "
                "join accounts a on a.id = o.account_id where a.customer_id = :customer"
            )
        ),
    }
    hands.on_customer()
    hands.press("v")
    hands.cursor_in("[id^=f-act-verify-]")
    fields = hands.page.eval_on_selector_all("[id^=f-act-verify-]", "fields => fields.map(one => one.name)")
    answered = 0
    for name in fields:
        if name in known and answered < 2:
            hands.type(known[name])
            answered += 1
        if answered == 2:
            break
        hands.press("Tab")
    hands.press("Enter")
    hands.page.wait_for_url("**/customers/*")
    hands.told("Verified: what was masked is shown")


@task("Keep another telephone number")
def edit(hands: Hands) -> None:
    hands.on_customer()
    hands.press("e")
    hands.cursor_in("input[name=value]")
    hands.type("07700 900999")
    hands.press("Enter")
    hands.told("They can be reached at")


@task("Keep a promise to pay")
def promise(hands: Hands) -> None:
    hands.on_customer()
    hands.press("p")
    hands.cursor_in("input[name=amount]")
    hands.press("Control+a")
    hands.type("5")
    hands.press("Enter")
    hands.told("Promise of £5\\.00 by .* noted|Keep it all the same")


@task("Book a payment taken on the telephone")
def pay(hands: Hands) -> None:
    hands.on_customer()
    hands.press("r")
    hands.cursor_in("input[name=amount]")
    hands.press("Control+a")
    hands.type("5")
    hands.press("Tab")
    hands.type("CARD-1")
    hands.press("Enter")
    hands.told("Payment of £5\\.00 taken|Book it all the same")


@task("See what another tariff would have cost")
def tariff(hands: Hands) -> None:
    hands.on_customer()
    hands.press("t")
    hands.page.wait_for_selector("#act-t:not([hidden]) h2")


@task("Open a ticket")
def ticket(hands: Hands) -> None:
    hands.on_customer()
    hands.press("n")
    hands.cursor_in("#act-n *")
    hands.type("Meter shows an error")
    hands.press("Tab")
    focused(hands.page, "at.matches('textarea')")
    hands.type("Since this morning")
    hands.press("Control+Enter")
    hands.told("Meter shows an error")
    assert hands.ask("select count(*) from tickets where subject = 'Meter shows an error'") == 1


@task("Promise to call back")
def call_back(hands: Hands) -> None:
    hands.on_customer()
    hands.press("d")
    hands.cursor_in("#act-d *")
    hands.type("Call back about the estimate")
    hands.press("Enter")
    hands.told("Call back about the estimate")


@task("Find an article for the question")
def article(hands: Hands) -> None:
    hands.on_customer()
    hands.press("h")
    hands.page.wait_for_selector("#act-h:not([hidden]) h2")


@task("Go back to the desk")
def desk_again(hands: Hands) -> None:
    hands.on_customer()
    hands.press("g", "d")
    arrive(hands.page, lambda now: now.rstrip("/") == hands.address)


@task("Open the ticket that waits longest")
def next_ticket(hands: Hands) -> None:
    hands.on_customer()
    key = hands.page.get_attribute(".top a[href='/tickets']", "data-go") or "t"
    hands.press("g", key)
    arrive(hands.page, "**/tickets")
    hands.press("j", "Enter")
    arrive(hands.page, re.compile(r"/tickets/[^?/]+$"))


@task("Answer a ticket")
def answer_ticket(hands: Hands) -> None:
    hands.at("/tickets?ask=all")
    path = hands.page.get_attribute("#main [data-row]", "href")
    assert path is not None
    hands.at(path)
    hands.press("r")
    hands.cursor_in("textarea[data-key=r]")
    hands.type("We have read your meter.")
    hands.press("Control+Enter")
    hands.told("We have read your meter\\.")


@task("Note something on a ticket for colleagues")
def note(hands: Hands) -> None:
    hands.at("/tickets?ask=all")
    path = hands.page.get_attribute("#main [data-row]", "href")
    assert path is not None
    hands.at(path)
    hands.press("o")
    hands.cursor_in("textarea[data-key=o]")
    hands.type("Their meter is behind a locked door")
    hands.press("Control+Enter")
    hands.told("behind a locked door")


@task("Go to another open customer")
def tabs(hands: Hands) -> None:
    other = hands.ask("select min(id) from customers where id <> :customer")
    hands.at(f"/customers/{other}")
    hands.on_customer()
    hands.press("Alt+1")
    arrive(hands.page, "**/customers/*")


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[int, int]]:
    """By task, the keys and letters that docs/desk.md promises."""
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    return {words: (int(keys), int(letters)) for words, keys, letters in rows}


@pytest.mark.parametrize("words", TASKS)
def test_by_keyboard_alone(desk: Hands, told: dict[str, tuple[int, int]], words: str) -> None:
    TASKS[words](desk)
    assert (desk.keys, desk.letters) == told.get(words)


def test_there_are_twenty_tasks_and_each_is_told(told: dict[str, tuple[int, int]]) -> None:
    assert set(told) == set(TASKS)
    assert len(TASKS) >= 20
