"""Teams and areas of people; which tickets they see by them, in lists and by address alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from utility_crm.auth.actions import add_user
from utility_crm.auth.queries import active_user
from utility_crm.auth.teams import add_team, set_abilities, set_areas, set_teams, team_rows
from utility_crm.commands.users import app
from utility_crm.customers.tables import Customer
from utility_crm.customers.whose import _condition
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode
from utility_crm.tickets.seen import TICKET, tickets_seen_by
from utility_crm.tickets.tables import Ticket, TicketMention, TicketMessage, TicketWatcher

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


@pytest.fixture
def priya(session) -> int:
    return add_user(session, login="priya", name="Priya Nair", role="agent", password="only for tests")


def test_teams_are_told_and_replaced(session, priya) -> None:
    for name in ("Meters", "Bills", "Moves"):
        add_team(session, name)
    assert set_teams(session, " Priya ", ["Meters", "Bills"], leads=["Bills"]) == ["Meters", "Bills"]
    assert len(active_user(session, priya).team_ids) == 2
    set_teams(session, "priya", ["Moves"])
    assert [(one["team"], one["people"]) for one in team_rows(session)] == [
        ("Bills", []),
        ("Meters", []),
        ("Moves", ["priya"]),
    ]
    assert set_teams(session, "priya", []) == [] and active_user(session, priya).team_ids == ()


def test_what_cannot_be_is_refused(session, priya) -> None:
    add_user(session, login="owen", name="Owen Marsh", role="agent", password="only for tests")
    add_team(session, "Meters")
    with pytest.raises(Conflict):
        add_team(session, " Meters")
    with pytest.raises(Invalid):
        add_team(session, "  ")
    with pytest.raises(NotFound):
        set_teams(session, "priya", ["Meters", "Nobody's"])
    with pytest.raises(NotFound):
        set_teams(session, "nobody", [])
    with pytest.raises(NotFound):
        set_areas(session, "priya", ["XX"])
    set_abilities(session, "priya", extension="201")
    with pytest.raises(Conflict, match="desk of priya"):
        set_abilities(session, "owen", extension="201")
    set_abilities(session, "priya", extension="")
    set_abilities(session, "owen", extension="201", skills=["Meter", "meter"], languages=["ru"])


def test_areas_are_named_by_their_codes(session, priya) -> None:
    area = NetworkNode(code="MOO", name="Moorside", kind="area")
    session.add(area)
    session.flush()
    session.add(NetworkNode(code="MOO-1", name="Moorside 1", kind="feeder", parent_id=area.id))
    session.flush()
    assert set_areas(session, "priya", ["moo"]) == ["MOO"]
    assert active_user(session, priya).area_ids == (area.id,)
    with pytest.raises(NotFound):
        set_areas(session, "priya", ["MOO-1"])
    assert set_areas(session, "priya", []) == [] and active_user(session, priya).area_ids == ()


def ticket(session, **given) -> int:
    row = Ticket(
        **({"kind": "other", "subject": "A", "channel": "call", "opened_at": NOW, "updated_at": NOW} | given)
    )
    session.add(row)
    session.flush()
    return row.id


def said(session, ticket_id: int) -> int:
    row = TicketMessage(ticket_id=ticket_id, direction="note", channel="note", text="@priya", at=NOW)
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize("how", ["agent", "sees all", "supervisor"])
def test_tickets_of_ones_teams_by_list_and_by_address(session, priya, how) -> None:
    mine, other = add_team(session, "Bills"), add_team(session, "Meters", sees_all_tickets=False)
    set_teams(session, "priya", ["Bills"])
    tickets = {
        "mine": ticket(session, team_id=mine),
        "nobody's": ticket(session),
        "theirs": ticket(session, team_id=other),
        "assigned": ticket(session, team_id=other, assignee_id=priya),
        "watched": ticket(session, team_id=other),
        "named": ticket(session, team_id=other),
    }
    session.add(TicketWatcher(ticket_id=tickets["watched"], user_id=priya, since=NOW))
    session.add(TicketMention(message_id=said(session, tickets["named"]), user_id=priya))
    if how == "sees all":
        session.execute(text("update teams set sees_all_tickets = true where id = :id"), {"id": mine})
    if how == "supervisor":
        session.execute(text("update users set role = 'supervisor'"))
    session.flush()
    user = active_user(session, priya)
    listed = set(session.scalars(select(Ticket.id).where(tickets_seen_by(user))))
    given = {"user_id": priya, "team_ids": list(user.team_ids), "sees_all_tickets": user.sees_all_tickets}
    named = {
        number
        for number in tickets.values()
        if user.may("tickets.all")
        or session.scalar(_condition(TICKET, False, True), {**given, "value": str(number)})
    }
    assert listed == named
    missing = {name for name, number in tickets.items() if number not in listed}
    assert missing == ({"theirs"} if how == "agent" else set())


def test_tickets_of_ones_areas(session, priya) -> None:
    session.add(NetworkNode(code="MOO", name="Moorside", kind="area"))
    somebody = Customer(number="C9", kind="person", name="Elsewhere", segment="household", since=NOW.date())
    session.add(somebody)
    session.flush()
    free, foreign = ticket(session), ticket(session, customer_id=somebody.id)
    set_areas(session, "priya", ["MOO"])
    user = active_user(session, priya)
    assert session.scalars(select(Ticket.id).where(tickets_seen_by(user))).all() == [free]
    areas = {"area_ids": list(user.area_ids)}
    seen = [
        session.scalar(_condition(TICKET, True, False), {**areas, "value": str(n)}) for n in (free, foreign)
    ]
    assert seen == [True, False]


def test_the_command_line_puts_people_into_teams(fresh_database_url, monkeypatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_DATABASE_URL", fresh_database_url)
    settings.cache_clear()

    def run(*words: str, code: int = 0):
        done = CliRunner().invoke(app, [*words, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout or done.output)

    run("add", "priya", "--role", "supervisor", "--password", "only for tests")
    assert run("make-team", "Bills")["team"] == "Bills"
    assert run("teams", "priya", "--leads", "Bills")["teams"] == ["Bills"]
    assert run("list-teams")["teams"] == [{"team": "Bills", "sees_all_tickets": False, "people": ["priya"]}]
    told = run("can", "priya", "--skill", "meter", "--speaks", "ru", "--extension", "7")
    assert told == {"login": "priya", "skills": ["meter"], "languages": ["ru"], "extension": "7"}
    assert run("areas", "priya") == {"login": "priya", "areas": []}
    assert run("areas", "priya", "XX", code=1)["error"]["code"] == "no_such_area"
    settings.cache_clear()
