"""An answer: kept, changed, told to its ticket, and seen to where it is bad."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.db.surveys.conftest import DAY, Solved, survey_of
from tests.db.tickets.conftest import Care
from utility_crm.auth.tables import Team, TeamMember
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.surveys.answering import LONGEST_COMMENT, MOST_CHANGES, answer, opened
from utility_crm.surveys.asking import ask_due
from utility_crm.surveys.beside import beside_ticket
from utility_crm.surveys.domain.plans import Plan, Rule
from utility_crm.surveys.plan_store import keep_plan, kept_plan
from utility_crm.surveys.tables import SurveyAnswer
from utility_crm.surveys.tokens import paths, token
from utility_crm.tasks.tables import Task
from utility_crm.tickets.tables import TicketEventRow

SECRET = "only for tests"


@pytest.fixture(params=["csat", "nps"])
def question(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def asked(session: Session, solved: Solved, question: str) -> int:
    """A survey that was sent: its ticket."""
    keep_plan(session, Plan(rules=(Rule(1, question),)), seen=0, now=NOW, by=None)  # type: ignore[arg-type]
    ticket = solved()
    assert ask_due(session, NOW).asked == 1
    return ticket


def id_of(session: Session, ticket: int) -> int:
    found = survey_of(session, ticket)
    assert found is not None
    return found.id


def tasks(session: Session) -> list[Task]:
    return list(session.scalars(select(Task).order_by(Task.id)))


def test_a_good_answer_is_kept_and_stands_on_the_ticket(session: Session, asked: int, question: str) -> None:
    best = 5 if question == "csat" else 10
    survey = id_of(session, asked)
    assert answer(session, survey, best, "  Quick,\r\nand kind  ", NOW)
    assert not answer(session, survey, best, "Quick,\nand kind", NOW + DAY), "it stands so already"
    found = survey_of(session, asked)
    assert found is not None
    assert (found.score, found.comment, found.answered_at, found.state) == (
        best,
        "Quick,\nand kind",
        NOW,
        "sent",
    )
    (event,) = session.scalars(select(TicketEventRow).where(TicketEventRow.kind == "rated"))
    assert (event.ticket_id, event.after) == (asked, {"question": question, "score": best})
    assert tasks(session) == []
    (section,) = beside_ticket(session, asked, "en", NOW.date())
    assert [one.tone for one in section.items] == ["ok", ""] and "Quick" in section.items[1].text


def test_a_bad_answer_is_one_task_of_those_who_lead(
    session: Session, asked: int, question: str, care: Care
) -> None:
    leads = Team(name="Leads")
    session.add(leads)
    session.flush()
    session.add(TeamMember(team_id=leads.id, user_id=care.omar, leads=True))
    session.flush()
    bad = 2 if question == "csat" else 6
    survey = id_of(session, asked)
    answer(session, survey, bad, "Nobody called me back", NOW)
    answer(session, survey, 1, "Still nobody", NOW + timedelta(hours=1))
    (task,) = tasks(session)
    assert (task.team_id, task.assignee_id, task.priority) == (leads.id, None, "high")
    assert (task.customer_id, task.ticket_id, task.note) == (care.margaret, asked, "Nobody called me back")
    assert "Margaret" not in task.title and str(bad) in task.title
    (section,) = beside_ticket(session, asked, "ru", NOW.date())
    assert section.items[0].tone == "bad" and section.items[-1].href == f"/tasks/{task.id}"
    assert len(session.scalars(select(SurveyAnswer)).all()) == 2


def test_the_plan_names_the_team_that_sees_to_it(session: Session, asked: int, care: Care) -> None:
    kept = kept_plan(session)
    plan = Plan(rules=kept.plan.rules, team_id=care.team)
    keep_plan(session, plan, seen=kept.version, now=NOW, by=None)
    answer(session, id_of(session, asked), 1, "", NOW)
    assert [one.team_id for one in tasks(session)] == [care.team]


def test_an_answer_that_turns_bad_is_seen_to_then(session: Session, asked: int, question: str) -> None:
    survey = id_of(session, asked)
    answer(session, survey, 5 if question == "csat" else 9, "", NOW)
    assert tasks(session) == []
    answer(session, survey, 1, "It broke again", NOW + DAY)
    assert [one.note for one in tasks(session)] == ["It broke again"]
    scores = [
        row.before
        for row in session.scalars(
            select(TicketEventRow).where(TicketEventRow.kind == "rated").order_by(TicketEventRow.id)
        )
    ]
    assert scores == [{}, {"score": 5 if question == "csat" else 9}]


def test_what_is_not_taken(session: Session, asked: int, question: str) -> None:
    survey = id_of(session, asked)
    for score in (-1, 11, 6 if question == "csat" else 12):
        with pytest.raises(Invalid):
            answer(session, survey, score, "", NOW)
    with pytest.raises(Invalid, match="characters"):
        answer(session, survey, 4, "x" * (LONGEST_COMMENT + 1), NOW)
    with pytest.raises(Refused, match="over"):
        answer(session, survey, 4, "", NOW + 14 * DAY)
    with pytest.raises(Refused, match="over"):
        answer(session, survey + 1, 4, "", NOW)
    assert answer(session, survey, 4, "", NOW + 14 * DAY - timedelta(seconds=1))
    for place in range(MOST_CHANGES - 1):
        answer(session, survey, 4, str(place), NOW + 13 * DAY)
    assert session.scalar(text("select count(*) from survey_answers")) == MOST_CHANGES


def test_a_button_that_is_played_with_is_stopped_for_a_while(session: Session, asked: int) -> None:
    survey = id_of(session, asked)
    for place in range(MOST_CHANGES):
        answer(session, survey, 4, str(place), NOW)
    with pytest.raises(Refused, match="quarter"):
        answer(session, survey, 5, "", NOW)
    assert answer(session, survey, 5, "", NOW + timedelta(minutes=16))


def test_a_link_opens_its_survey_and_no_other(session: Session, asked: int, question: str) -> None:
    survey = id_of(session, asked)
    every = paths(SECRET, survey, question)
    assert len(set(every.values())) == (6 if question == "csat" else 12)
    found = opened(session, SECRET, every[4].rpartition("/")[2], NOW)
    assert (found.id, found.chosen, found.score, found.open, found.language) == (survey, 4, None, True, "en")
    assert opened(session, SECRET, every[None].rpartition("/")[2], NOW).chosen is None
    assert not opened(session, SECRET, token(SECRET, survey, 4), NOW + 14 * DAY).open
    for wrong in (token("another", survey, 4), token(SECRET, survey + 1, 4), "", "x.y", every[4] + "x"):
        with pytest.raises(NotFound):
            opened(session, SECRET, wrong, NOW)
