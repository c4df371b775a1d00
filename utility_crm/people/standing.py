"""Where a person stands in the house: teams, areas, and what they can; kept from the form on their page."""

from __future__ import annotations

from dataclasses import asdict

from starlette.responses import Response

from utility_crm.auth.audit import note_change
from utility_crm.auth.events import note_event
from utility_crm.auth.staff import staff_rows
from utility_crm.auth.teams import Standing, set_abilities, set_areas, set_teams, standing_of
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.forms import Posted, beside
from utility_crm.web.sign_in import address_of
from utility_crm.web.visit import Visit
from utility_crm.web.words import mark


def stands(v: Visit, posted: Posted, person: int) -> Response:
    """Teams, areas, and what they can. Raises Conflict where they are not what the form was made from."""
    login = next((one.login for one in staff_rows(v.session) if one.id == person), None)
    if login is None:
        raise NotFound("no_such_user", mark("There is no user of this name."))
    before = standing_of(v.session, person, hold=True)
    leads = [name for name in posted.every("leads") if name in posted.every("teams")]
    set_teams(v.session, login, posted.every("teams"), leads=leads)
    set_areas(v.session, login, posted.every("areas"))
    with beside("skills"):
        set_abilities(v.session, login, skills=_words(posted.text("skills")))
    with beside("languages"):
        set_abilities(v.session, login, languages=_words(posted.text("languages")))
    set_abilities(v.session, login, extension=posted.text("extension"))
    after = standing_of(v.session, person)
    if after != before and posted.text("seen") != before.seen:  # what was written is undone
        words = mark("Somebody changed this meanwhile: look at it as it is now.")
        raise Conflict("changed_meanwhile", words)
    if after != before:
        note_change(v.session, None, mark("place in the house"), asdict(before), asdict(after))
        note_of(v, "changed", person, ", ".join(_changed(before, after)))
    return v.done(v.text(mark("Kept.")), "/people", nothing=after == before, person=person)


def _words(typed: str) -> list[str]:
    return typed.replace(";", ",").split(",")


def _changed(before: Standing, after: Standing) -> list[str]:
    old, new = asdict(before), asdict(after)
    return [
        f"{name}: {', '.join(new[name]) if isinstance(new[name], tuple) else new[name]}"
        for name in old
        if old[name] != new[name]
    ]


def note_of(v: Visit, what: str, person: int, detail: str = "") -> None:
    """Write down what was done to a person's sign-in, and who did it."""
    note_event(
        v.session, what, utc_now(), user_id=person, by=v.user.id, address=address_of(v.request), detail=detail
    )
