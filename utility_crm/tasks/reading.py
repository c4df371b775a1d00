"""What the forms of tasks send, read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.tasks.actions import LONGEST_NOTE, LONGEST_TITLE, PRIORITIES, Wanted
from utility_crm.tasks.domain.repeats import REPEATS
from utility_crm.tasks.queries import Choosable
from utility_crm.web.forms import Posted
from utility_crm.web.words import mark

REMINDERS = (0, 15, 60, 24 * 60)
"""Minutes before the due that the form offers."""
AWAKE_AT = time(9)


def wanted_task(posted: Posted, known: Choosable) -> Wanted:
    """The task as it was typed. Raises FieldsWrong with every field that cannot be."""
    title = posted.must("title", mark("Say in a few words what is to be done."))
    due_on, due_time = posted.day("due_on"), posted.field("due_time", typed_time)
    who = posted.field("who", lambda typed: typed_who(typed, known))
    note = posted.text("note")
    priority = posted.one_of("priority", PRIORITIES)
    remind = posted.field("remind", typed_reminder)
    repeats = posted.one_of("repeats", ("", *REPEATS))
    person, team = who.value
    return Wanted(
        title=title.value,
        due=at_time(due_on.value, due_time.value),
        note=note,
        priority=priority.value,
        promised=posted.text("promised") == "yes",
        assignee_id=person,
        team_id=team,
        remind_minutes=remind.value,
        repeats=repeats.value,
    )


def typed_time(typed: str) -> time | None:
    """An hour of the wall clock as browsers send it: 14:30; nothing typed is none. Raises Invalid."""
    if not typed:
        return None
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError as error:
        raise Invalid("time", mark("“%(typed)s” is no time such as 14:30."), "time", typed=typed) from error


def at_time(day: date, hour: time | None) -> date | datetime:
    """The day, or its instant at that hour of the utility's wall clock."""
    return day if hour is None else datetime.combine(day, hour, ZoneInfo(settings().timezone))


def typed_who(typed: str, known: Choosable) -> tuple[int | None, int | None]:
    """Whose it is, "person-7" or "team-3", as (person, team). Raises Invalid."""
    kind, _, number = typed.partition("-")
    among = known.people if kind == "person" else known.teams if kind == "team" else ()
    found = next((one for one, _name in among if str(one) == number), None)
    if found is None:
        raise Invalid("who", mark("Choose one of what is offered."), "who")
    return (found, None) if kind == "person" else (None, found)


def typed_reminder(typed: str) -> int | None:
    """Minutes before; nothing chosen is no reminder. Raises Invalid."""
    if not typed:
        return None
    if typed not in {str(one) for one in REMINDERS}:
        raise Invalid("remind", mark("Choose one of what is offered."), "remind")
    return int(typed)


def wake_times(now: datetime) -> dict[str, datetime]:
    """Until when a task may sleep, by the name of the button: an hour, tomorrow, next Monday morning."""
    zone = ZoneInfo(settings().timezone)
    today = now.astimezone(zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    return {
        "hour": now + timedelta(hours=1),
        "tomorrow": datetime.combine(today + timedelta(days=1), AWAKE_AT, zone),
        "monday": datetime.combine(monday, AWAKE_AT, zone),
    }


LIMITS = {"title": LONGEST_TITLE, "note": LONGEST_NOTE}
