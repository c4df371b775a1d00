"""What came and was solved, with known answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.conftest import NOW, TODAY
from tests.db.tickets.conftest import Care
from utility_crm.auth.queries import SignedIn, active_user
from utility_crm.board.pace import paces, piles_of
from utility_crm.surveys.domain.spans import last_days
from utility_crm.tickets.tables import Ticket

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONE = "Europe/London"


@pytest.fixture
def greta(care: Care) -> SignedIn:
    priya = active_user(care.session, care.priya)
    assert priya is not None
    return replace(priya, role="supervisor")


def put(session: Session, ticket_id: int, **columns: Any) -> None:
    session.execute(update(Ticket).where(Ticket.id == ticket_id).values(**columns))
    session.flush()


def ended(care: Care, days_ago: float, took: timedelta, answered: timedelta, **more: Any) -> int:
    at = NOW - days_ago * DAY
    one = care.open(now=at)
    put(
        care.session, one, status="solved", solved_at=at + took, first_answered_at=at + answered,
        waits_since=None, team_id=care.team, assignee_id=care.omar, **more,
    )  # fmt: skip
    return one


def test_what_came_and_was_solved_by_team_person_and_channel(care: Care, greta: SignedIn) -> None:
    ended(care, 3, 10 * HOUR, 1 * HOUR)
    ended(care, 4, 20 * HOUR, 2 * HOUR, reopened=1)
    ended(care, 5, 30 * HOUR, 9 * HOUR)
    ended(care, 40, 39 * DAY, 5 * HOUR)  # it came before these days, and was solved in them
    ended(care, 60, 10 * DAY, HOUR)  # neither
    waits = care.open(now=NOW - HOUR, channel="web")
    put(care.session, waits, team_id=None, assignee_id=None)
    merged = ended(care, 2, HOUR, HOUR)
    put(care.session, merged, status="closed", closed_at=NOW, merged_into_id=waits)
    found = paces(care.session, greta, *last_days(30, TODAY, ZONE))
    assert (found.whole.came, found.whole.solved, found.whole.again) == (4, 4, 1)
    bills, nobodys = found.teams
    assert (bills.name, bills.came, bills.solved) == ("Bills", 3, 4)
    assert (bills.answered, bills.ended) == (2 * HOUR, 25 * HOUR), (
        "medians of 1, 2, 9 and of 10, 20, 30, 936 h"
    )
    assert (nobodys.name, nobodys.came, nobodys.solved, nobodys.answered) == ("", 1, 0, None)
    assert [(one.name, one.came) for one in found.people] == [("Omar Haddad", 3), ("", 1)]
    assert [(one.name, one.came) for one in found.channels] == [("email", 3), ("web", 1)]


def test_nothing_at_all_is_no_error(care: Care, greta: SignedIn) -> None:
    found = paces(care.session, greta, *last_days(7, TODAY, ZONE))
    assert (found.whole.came, found.whole.solved, found.whole.answered) == (0, 0, None)
    assert [one.open for one in piles_of(care.session, greta, TODAY - 6 * DAY, 7, ZONE)] == [0] * 7


def test_the_pile_at_each_days_end(care: Care, greta: SignedIn) -> None:
    for days_ago in (50, 20):
        care.open(now=NOW - days_ago * DAY)
    ended(care, 50, 47 * DAY, HOUR)  # solved three days ago
    ended(care, 1, HOUR, HOUR)  # came and went on one day
    care.open(now=NOW)
    found = piles_of(care.session, greta, TODAY - 6 * DAY, 7, ZONE)
    assert [one.open for one in found] == [3, 3, 3, 2, 2, 2, 3]
    assert [(one.came, one.went) for one in found][-2:] == [(1, 1), (1, 0)]


def test_only_what_the_person_may_see(care: Care, greta: SignedIn) -> None:
    mine, other = care.open(), care.open()
    put(care.session, mine, team_id=care.team)
    put(care.session, other, team_id=None, assignee_id=care.omar)
    outside = replace(greta, role="agent", area_ids=(10**6,))
    assert paces(care.session, outside, *last_days(7, TODAY, ZONE)).whole.came == 0
    assert paces(care.session, greta, *last_days(7, TODAY, ZONE)).whole.came == 2
