"""The board's fifth question, and how it looks again by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care
from tests.web.board.test_board_page import late, statements, words
from tests.web.conftest import MakeClient
from utility_crm.surveys.domain.plans import USUAL, Plan
from utility_crm.surveys.plan_store import keep_plan
from utility_crm.surveys.tables import Survey
from utility_crm.web.visit import present

Answered = Callable[..., None]


@pytest.fixture
def answered(care: Care) -> Answered:
    """Surveys sent some days ago about Omar's tickets, with these scores; None: not answered."""

    def put(
        *scores: int | None, question: str = "csat", days_ago: int = 3, who: str = "omar", comment: str = ""
    ) -> None:
        at = present() - timedelta(days=days_ago)
        for score in scores:
            ticket = care.open(now=at - timedelta(days=2))
            given = score is not None
            care.session.add(
                Survey(
                    ticket_id=ticket, customer_id=care.margaret, question=question, state="sent",
                    user_id=getattr(care, who), team_id=care.team, decided_at=at, asked_at=at, sent_at=at,
                    expires_at=at + timedelta(days=14), score=score, comment=comment if given else "",
                    answered_at=at if given else None, changed_at=at if given else None,
                )
            )  # fmt: skip
        care.session.flush()

    return put


def shown(make_client: MakeClient, path: str = "/board?ask=satisfied", language: str = "en") -> str:
    page = make_client("supervisor", language=language).get(path)
    assert page.status_code == 200
    return words(page.text)


def test_nobody_asked_and_too_few(make_client: MakeClient, answered: Answered) -> None:
    client = make_client("supervisor")
    assert "Nobody was asked in these days." in words(client.get("/board?ask=satisfied").text)
    answered(5, 5, None, None)
    few = words(client.get("/board?ask=satisfied").text)
    assert "2 of 4 customers answered: too few to say how satisfied they are." in few
    assert "2 answers: too few" in few and "100 %" not in few


def test_shares_with_their_intervals(make_client: MakeClient, answered: Answered) -> None:
    answered(*[5] * 8, 4, 2, *[None] * 10)
    answered(*[10] * 6, *[7] * 2, *[0] * 2, question="nps")
    page = shown(make_client)
    # Wilson for 9 of 10: 59.6 to 98.2; net (6 - 2) / 10, Rocks: −12.6 to 74.1
    assert "90 % of those who answered were satisfied (60 % to 98 %)" in page
    assert "67 % of those asked answered" in page
    assert "+40 −13 to +74" in page


def test_who_has_too_few_answers_has_no_figure(
    make_client: MakeClient, answered: Answered, care: Care
) -> None:
    answered(*[5] * 10)
    answered(1, 1, who="priya", comment="Nobody called me back")
    client = make_client("supervisor")
    page = words(client.get("/board?ask=satisfied").text)
    people = page[page.index("By who had the ticket") : page.index("What went wrong")]
    assert re.search(r"Omar Haddad 100 % 72 % to 100 % 10", people)
    assert re.search(r"Priya Nair – too few 2", people)
    assert "Nobody called me back" in page
    keep_plan(care.session, Plan(fewest=2, rules=USUAL.rules), seen=0, now=present(), by=None)
    assert re.search(r"Priya Nair 0 % 0 % to 66 % 2", words(client.get("/board?ask=satisfied").text))


def test_only_the_chosen_days_count_beside_as_many_before(
    make_client: MakeClient, answered: Answered
) -> None:
    answered(*[5] * 10, days_ago=2)
    answered(*[1] * 10, days_ago=9)
    client = make_client("supervisor")
    week = words(client.get("/board?ask=satisfied&days=7").text)
    assert "100 % of those who answered" in week and re.search(r"As many days before 0 %", week)
    assert "50 % of those who answered" in words(client.get("/board?ask=satisfied&days=30").text)
    assert "50 % of those who answered" in words(client.get("/board?ask=satisfied&days=31").text)


def test_a_board_that_looks_again_gets_all_of_it_from_what_is_kept(
    make_client: MakeClient, care: Care, session: Session
) -> None:
    client = make_client("supervisor")
    late(care, 1)
    asked = "/board/now?ask=breaks"
    first = client.get(asked, headers={"HX-Request": "true"})
    assert first.status_code == 200 and "<html" not in first.text and "<script" not in first.text
    for part in ('class="strip-in"', '<nav class="ask"', 'id="main"'):
        assert part in first.text
    again = statements(session, lambda: client.get(asked, headers={"HX-Request": "true"}))
    whole = statements(session, lambda: client.get("/board?ask=breaks"))
    assert again <= whole - 5, "the figures are kept for a moment"
    assert make_client("agent").get("/board/now").status_code == 403
