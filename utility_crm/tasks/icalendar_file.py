"""A calendar as a file that calendar programs read: iCalendar (RFC 5545), written by the library.

What leaves the house says what is to be done and when, never who the customer is: the program may belong to
anybody. The link leads to the task, behind the sign-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from utility_crm.kit.module import CalendarEntry
from utility_crm.tasks.domain.repeats import calendar_rule
from utility_crm.tasks.queries import TaskLine

A_TASK_TAKES = timedelta(minutes=30)
READ_AGAIN = timedelta(minutes=30)


def calendar_file(
    name: str,
    entries: Iterable[CalendarEntry],
    tasks: Mapping[str, TaskLine],
    *,
    now: datetime,
    base: str,
    zone: ZoneInfo,
) -> bytes:
    """The file. tasks: by the key of their entry, for what repeats and reminds. base: the address of this
    house, without a slash at its end."""
    made = Calendar()
    made.add("prodid", "-//utility-crm//calendar//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", READ_AGAIN, parameters={"value": "DURATION"})
    for one in entries:
        made.add_component(_event(one, tasks.get(one.key), now, base, zone))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _event(entry: CalendarEntry, task: TaskLine | None, now: datetime, base: str, zone: ZoneInfo) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@utility-crm")
    event.add("dtstamp", now)
    event.add("summary", entry.title)
    if entry.starts_at is None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        starts = entry.starts_at.astimezone(zone)  # with its zone: a weekly call stays at ten in winter
        event.add("dtstart", starts)
        event.add("dtend", (entry.ends_at or entry.starts_at + A_TASK_TAKES).astimezone(zone))
    if entry.href:
        event.add("url", base + entry.href)
    if task is not None:
        _more_of(event, task, zone)
    return event


def _more_of(event: Event, task: TaskLine, zone: ZoneInfo) -> None:
    if task.repeats:
        event.add("rrule", calendar_rule(task.repeats, _begun(task)))
    if task.remind_minutes is not None:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", str(event["summary"]))
        remind = task.remind_at
        assert remind is not None, "the database has both or none"
        starts = task.due_at or datetime.combine(task.due_on, datetime.min.time(), zone)
        alarm.add("trigger", remind - starts)
        event.add_component(alarm)


def _begun(task: TaskLine) -> date:
    return task.repeats_from or task.due_on
