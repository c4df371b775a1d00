"""Teams, made and renamed on the page of people."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.auth.audit import note_change
from utility_crm.auth.teams import add_team, change_team, teams
from utility_crm.people.people import PATH, people_page
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import mark

router = APIRouter()


@router.post("/people/teams")
def add_one_team(request: Request, posted: Posting) -> Response:
    """A new team."""
    with visit(request, "people.write") as v:
        need_fresh_factor(v)

        def act() -> Response:
            name = posted.must("name")
            sees_all = bool(posted.every("sees_all"))
            made = add_team(v.session, name.value, sees_all_tickets=sees_all)
            told = {"name": name.value, "sees_all_tickets": sees_all}
            note_change(v.session, None, mark("team"), None, told | {"team": made})
            return v.done(v.text(mark("Kept.")), PATH, ask="teams")

        return handled(v, posted, "team", act, lambda: people_page(v, ask="teams"))


@router.post("/people/teams/{team_id}")
def change_one_team(request: Request, team_id: int, posted: Posting) -> Response:
    """Another name of a team, or more or less that its people see."""
    with visit(request, "people.write") as v:
        need_fresh_factor(v)

        def act() -> Response:
            name, sees_all = posted.must("name"), bool(posted.every("sees_all"))
            was = next((one for one in teams(v.session) if one.id == team_id), None)
            changed = change_team(
                v.session, team_id, name.value, sees_all_tickets=sees_all, seen=posted.text("seen")
            )
            if was is not None:
                before = {"team": was.name, "sees_all_tickets": was.sees_all_tickets}
                after = {"team": name.value, "sees_all_tickets": sees_all}
                note_change(v.session, None, mark("team"), before, after)
            return v.done(v.text(mark("Kept.")), PATH, ask="teams", nothing=not changed)

        return handled(v, posted, f"team-{team_id}", act, lambda: people_page(v, ask="teams"))
