"""The room of value: four questions, what is not known is said to be, and the agent's one line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from billing.tables import Bill, BillLine, Tariff
from churn.campaigns.tables import LoyaltyPoint
from churn.value.content import Content, grouped
from churn.value.costs import put_costs
from churn.value.counting import count_values
from churn.value.tables import ValueDay
from tests.db.churn.conftest import Person, Supplier
from tests.web.churn.conftest import AS_OF, Scored
from tests.web.churn.test_leavers import asked_of, names_of, words_of
from tests.web.conftest import MakeClient
from utility_crm.customers.tables import Contact
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode
from utility_crm.segments.domain.guarding import FEWEST
from utility_crm.surveys.domain.scores import Question

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def bill(session: Session, person: Person, minor: int) -> None:
    """October: 300 kWh for so much, net; nothing of it is owed."""
    first, last = date(2026, 10, 1), date(2026, 11, 1)
    row = Bill(
        number=f"V{person.account}", account_id=person.account, starts_on=first, ends_before=last,
        issued_on=last, due_on=last, currency="GBP", total_minor=0, open_minor=0, micro_kwh=300_000_000,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.add(
        BillLine(
            bill_id=row.id, position=1, agreement_id=person.agreement, charge="energy", label="Energy",
            starts_on=first, ends_before=last, quantity_micro=300_000_000, unit="kWh", price_micro=1,
            amount_minor=minor,
        )
    )  # fmt: skip
    session.flush()


def costs(session: Session) -> None:
    put_costs(
        session,
        [
            {
                "kind": kind, "fuel": "electricity", "valid_from": date(2024, 1, 1), "tariff_id": None,
                "segment": None, "area": None, "price_micro": price, "currency": "GBP",
            }
            for kind, price in (("purchase", 100_000), ("network_kwh", 50_000), ("network_day", 200_000))
        ],
        source="a test",
        now=NOW,
    )  # fmt: skip


@pytest.fixture
def billed(session: Session, scored: Scored) -> Scored:
    for person, minor in ((scored.ada, 30_000), (scored.works, 9_000), (scored.bela, 9_000)):
        bill(session, person, minor)
    return scored


def test_without_costs_revenue_is_called_revenue(
    make_client: MakeClient, billed: Scored, session: Session
) -> None:
    count_values(session, AS_OF, NOW)
    client = make_client("marketer")
    words = words_of(client.get("/value").text)
    assert "utility-crm value costs import FILE.csv" in words
    assert "Margin not known" in words and "Margin of 4 is not known" in words
    assert "it is not what a customer is worth" in words
    stake = client.get("/value?ask=stake").text
    assert "By revenue they may take away: their margin is not known" in words_of(stake)
    assert names_of(stake)[0] == "Ada Example"


def test_who_brings_how_much(make_client: MakeClient, billed: Scored, session: Session) -> None:
    costs(session)
    count_values(session, AS_OF, NOW)
    words = words_of(make_client("marketer").get("/value").text)
    # Ada 300 of 480, then 90 each: 80 % is 84 of the second 90, along (2 - 1 + 0.93) of 4
    assert "48 % of customers bring 80 % of revenue." in words
    assert "£480.00 12 months, net" in words
    # less 51.20 of costs each, of those three who have a bill
    assert "£326.40 of 3" in words and "Margin of 1 is not known" in words
    assert "Households 3 £390.00" in words
    found = re.search(r"(\d+|One) of those who bring most (?:has|have) been silent longest", words)
    most = re.search(r"5, brings most (\d+) (\d+) (\d+) (\d+) (\d+)", words)
    assert found is not None and most is not None and found[1].replace("One", "1") == most[5]


def test_a_choice_goes_along_to_the_other_questions(
    make_client: MakeClient, billed: Scored, session: Session
) -> None:
    count_values(session, AS_OF, NOW)
    client = make_client("marketer")
    kept = [f"/value?ask={ask}&segment=household" for ask in ("worth", "stake", "next", "content")]
    assert asked_of(client.get(kept[0]).text) == kept
    headers = {"HX-Request": "true", "HX-Trigger": "narrow"}
    assert asked_of(client.get(kept[2], headers=headers).text) == kept
    assert asked_of(client.get("/value").text)[1] == "/value?ask=stake"


def test_what_is_at_stake(make_client: MakeClient, billed: Scored, session: Session) -> None:
    costs(session)
    count_values(session, AS_OF, NOW)
    client = make_client("marketer")
    page = client.get("/value?ask=stake").text
    assert names_of(page) == ["Ada Example", "=Works &amp; Sons", "Bela Example", "Cleo Example"]
    assert "31 % £300.00 £244.29" in words_of(page)  # 248.80 of 31 days, a month of 30.44
    assert names_of(client.get("/value?ask=stake&segment=industry").text) == []


def test_what_to_do_next_and_the_same_as_a_file(
    make_client: MakeClient, billed: Scored, session: Session
) -> None:
    session.add(
        Contact(customer_id=billed.ada.customer, channel="call", topic="bill", complaint=True, at=NOW)
    )
    session.flush()
    costs(session)
    count_values(session, AS_OF, NOW)
    client = make_client("marketer")
    words = words_of(client.get("/value?ask=next").text)
    assert "Nobody is to be offered anything, one goes to care first." in words
    assert "a complaint, a debt, a dispute or a need of particular care comes first" in words
    assert "no campaign has offered anything yet" in words
    assert names_of(client.get("/value?ask=next&step=care").text) == ["Ada Example"]
    answer = client.get("/value.csv")
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["Ada Example", "Bela Example", "Cleo Example", "'=Works & Sons"]
    assert (rows[0]["step"], rows[0]["reason"], rows[0]["saved_minor"]) == ("care", "care", "")
    assert [row["step"] for row in csv.DictReader(StringIO(client.get("/value.csv?step=care").text))] == [
        "care"
    ]


def test_the_agent_reads_one_line_and_no_money(
    make_client: MakeClient, billed: Scored, session: Session
) -> None:
    costs(session)
    count_values(session, AS_OF, NOW)
    client = make_client("agent")
    words = words_of(client.get(f"/customers/{billed.bela.customer}").text)
    assert "Next: Leave alone less likely to leave than usual" in words
    assert "At stake" not in words
    assert "Value" not in words[: words.index("Bela")]
    assert client.get("/value").status_code == 403
    seen = words_of(make_client("marketer").get(f"/customers/{billed.bela.customer}").text)
    assert "At stake £" in seen
    session.add(
        Contact(customer_id=billed.bela.customer, channel="call", topic="bill", complaint=True, at=NOW)
    )
    session.flush()  # after the count
    words = words_of(client.get(f"/customers/{billed.bela.customer}").text)
    assert "Next: First to care a complaint is open: care first" in words


def test_what_an_offer_did_to_leaving_is_said_without_a_sign(
    make_client: MakeClient, billed: Scored, session: Session
) -> None:
    count_values(session, AS_OF, NOW)
    row = session.scalars(select(ValueDay)).one()
    row.offers = [
        {
            "key": "K-1", "name": "Points", "cost_minor": 56, "tried": 500, "lost": 17, "control": 228,
            "lost_control": 5, "measured_by": "K-1",
            "measured": {"relative": relative, "low": low, "high": high, "verdict": "none"},
        }
        for relative, low, high in ((-0.55, -3.01, 0.41), (0.25, 0.1, 0.4), (0.004, -0.2, 0.2))
    ]  # fmt: skip
    session.flush()
    words = words_of(make_client("marketer").get("/value?ask=next").text)
    assert "55 % more between 301 % more and 41 % fewer" in words
    assert "25 % fewer between 10 % fewer and 40 % fewer" in words
    assert "as many between 20 % more and 20 % fewer" in words


def test_questions_are_in_russian(make_client: MakeClient, billed: Scored, session: Session) -> None:
    count_values(session, AS_OF, NOW)
    client = make_client("marketer", language="ru")
    for ask, said in (("worth", "Кто сколько приносит?"), ("stake", "Что под угрозой?"),
                      ("next", "Что делать дальше?"), ("content", "Насколько они довольны?")):  # fmt: skip
        assert said in words_of(client.get(f"/value?ask={ask}").text)


def test_before_the_first_count_the_page_says_so(make_client: MakeClient, scored: Scored) -> None:
    client = make_client("marketer")
    for ask in ("worth", "stake", "next"):
        assert "utility-crm value count" in words_of(client.get(f"/value?ask={ask}").text)
    assert "Too few answers to say." in words_of(client.get("/value?ask=content").text)


@pytest.mark.parametrize("ask", ["worth", "stake", "next", "content&by=tenth"])
def test_a_question_costs_as_many_statements_for_many_as_for_few(
    make_client: MakeClient, billed: Scored, session: Session, ask: str
) -> None:
    costs(session)
    client = make_client("marketer")
    area, tariff = session.scalars(select(NetworkNode.id)).first(), session.scalars(select(Tariff.id)).first()
    assert area is not None and tariff is not None
    supplier = Supplier(session, area, tariff, tariff, count=100)
    counts = []
    for more in (0, 12):
        for _ in range(more):
            bill(session, supplier.moves_in(), 8_000)
        count_values(session, AS_OF, NOW, again=True)
        with Sent(session) as statements:
            assert client.get(f"/value?ask={ask}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


class Sent:
    """The statements while the block runs, savepoints apart."""

    def __init__(self, session: Session) -> None:
        self.connection = session.connection()
        self.found: list[str] = []

    def __enter__(self) -> list[str]:
        event.listen(self.connection, "before_cursor_execute", self.note)
        return self.found

    def __exit__(self, *_: object) -> None:
        event.remove(self.connection, "before_cursor_execute", self.note)

    def note(self, _c: object, _cur: object, statement: str, *_: object) -> None:
        if not statement.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.found.append(statement)


def test_an_agent_credits_points_after_a_question_and_takes_them_back(
    make_client: MakeClient, scored: Scored, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_POINT_WORTH_MICRO", "10000")
    settings.cache_clear()
    who = scored.ada
    session.add(LoyaltyPoint(customer_id=who.customer, points=500, at=NOW))
    session.flush()
    client = make_client("agent")
    page = f"/customers/{who.customer}"
    assert "Loyalty points 500" in words_of(client.get(page).text)
    panel = words_of(client.get(f"{page}?do=z").text)
    assert "they have 500, which is £5.00" in panel
    number = re.search(r'name="account" value="(A\d+)"', client.get(f"{page}?do=z").text)
    assert number is not None
    form = {"account": number[1], "points": "400", "seen": "500"}
    asked = client.post(f"{page}/points", data=form)
    assert asked.status_code == 200
    assert f"400 points are used, and £4.00 is credited to account {number[1]}." in words_of(asked.text)
    assert "Loyalty points 500" in words_of(client.get(page).text)
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    done = client.post(f"{page}/points", data={**form, "sure": sure[1]})
    assert done.status_code == 303
    after = client.get(f"{page}?do=z").text
    assert "Loyalty points 100" in words_of(after) and "−400 £4.00" in words_of(after)
    row = re.search(r'name="row" value="(\d+)"', after)
    assert row is not None
    undo = client.post(f"{page}/points/back", data={"row": row[1]})
    sure = re.search(r'name="sure" value="([^"]+)"', undo.text)
    assert sure is not None and f'name="row" value="{row[1]}"' in undo.text
    assert client.post(f"{page}/points/back", data={"row": row[1], "sure": sure[1]}).status_code == 303
    assert "Loyalty points 500" in words_of(client.get(page).text)


answers = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 10), st.integers(1, 40)), max_size=12
)


@given(answers)
def test_no_group_of_fewer_than_fifteen_is_told_alone(given_: list[tuple[str, int, int]]) -> None:
    people: dict[str, int] = {}
    for part, _, count in given_:
        people[part] = people.get(part, 0) + count
    question: Question = "nps"
    rows = [(question, part, score, count, people[part]) for part, score, count in given_]
    whole, told = grouped(rows)
    assert whole["nps"].answers == sum(people.values())
    assert all(one.customers >= FEWEST for one in told)
    hidden = sum(people.values()) - sum(one.answers for one in told)
    assert hidden == 0 or not told  # what is not told alone is told with the rest, or nothing is
    for one in told:
        check(one, rows)


def check(one: Content, rows: list[tuple[Question, str, int, int, int]]) -> None:
    if one.part is None or one.figure is None:
        return
    mine = [(score, count) for _, part, score, count, _ in rows if part == one.part]
    promoters = sum(count for score, count in mine if score >= 9)
    detractors = sum(count for score, count in mine if score <= 6)
    assert one.figure.value == pytest.approx((promoters - detractors) / sum(count for _, count in mine))


@pytest.fixture(autouse=True)
def settled(demo_settings: None) -> Iterator[None]:
    yield
