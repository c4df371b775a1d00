"""The calendar on the page, as a file, and under an address that a calendar program reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from utility_crm.auth.queries import SignedIn
from utility_crm.kit.errors import NotFound
from utility_crm.kit.settings import settings
from utility_crm.tasks.calendars import close_feed, entries_of, feed_of, of_tasks, open_feed, reader_of
from utility_crm.tasks.domain.grid import Week, month_after, month_before
from utility_crm.tasks.icalendar_file import calendar_file
from utility_crm.tasks.laid_out import DayCell, HourRow, month_cells, week_rows
from utility_crm.tasks.queries import tasks_between
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, open_session, present, today, visit
from utility_crm.web.words import mark

router = APIRouter()
BACK, AHEAD = timedelta(days=31), timedelta(days=366)
"""What of a calendar a file has, around today."""
TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class ShownCalendar:
    """A week or a month on the page. before, after: days that lead to the spans around it."""

    first: date
    last: date
    before: date
    after: date
    days: Week = ()
    hours: tuple[HourRow, ...] = ()
    weeks: tuple[tuple[DayCell, ...], ...] = ()
    tasks: int = 0
    others: int = 0


def calendar_of(v: Visit, ask: str, whose: str, day: date) -> ShownCalendar:
    """The week or the month around a day."""
    zone = ZoneInfo(settings().timezone)
    if ask == "week":
        days, _empty = week_rows(day, (), zone)
        first, last, before, after = days[0], days[-1], day - timedelta(days=7), day + timedelta(days=7)
    else:
        cells = month_cells(day, ())
        first, last, before, after = cells[0][0].day, cells[-1][-1].day, month_before(day), month_after(day)
    parts = v.request.app.state.calendars
    found = entries_of(
        v.session, parts, whose, v.user, first, last + timedelta(days=1), now=v.now, today=v.today
    )
    tasks = of_tasks(found)
    about: dict[str, Any] = {"tasks": tasks, "others": len(found) - tasks}
    if ask == "week":
        days, hours = week_rows(day, found, zone)
        return ShownCalendar(first, last, before, after, days=days, hours=hours, **about)
    return ShownCalendar(first, last, before, after, weeks=month_cells(day, found), **about)


@router.get("/tasks/calendar")
def feeds(request: Request) -> Response:
    """Who reads this person's calendar."""
    with visit(request, "tasks.read") as v:
        return _feed_page(v)


@router.post("/tasks/calendar")
def make_feed(request: Request, posted: Posting) -> Response:
    """A new address for a calendar program, shown once; or the end of it."""
    with visit(request, "tasks.read") as v:

        def act() -> Response:
            if posted.text("what") == "end":
                ended = close_feed(v.session, v.user.id)
                return v.done(
                    v.text(mark("Nobody reads your calendar any more.")), "/tasks/calendar", nothing=not ended
                )
            if feed_of(v.session, v.user.id) is not None:
                doubt = v.text(
                    mark("Whoever reads your calendar under the address of now will not any more.")
                )
                posted.sure(doubt, do=v.text(mark("Make a new address")))
            token = open_feed(v.session, v.user.id, v.now)
            return _feed_page(v, f"{_base(request)}/calendar/{token}.ics")

        return handled(v, posted, "feed", act, lambda: _feed_page(v), back="/tasks/calendar")


@router.get("/tasks/calendar.ics")
def download(request: Request) -> Response:
    """One's own calendar as a file."""
    with visit(request, "tasks.read") as v:
        body = _file(request, v.session, v.user)
    headers = {"Content-Disposition": 'attachment; filename="tasks.ics"'}
    return Response(body, media_type=TYPE, headers=headers)


@router.get("/calendar/{token}.ics")
def feed(request: Request, token: str) -> Response:
    """What a calendar program reads: the address is the key. An unknown one is as good as none."""
    with open_session(request) as session:
        user = reader_of(session, token, present())
        if user is None or not user.may("tasks.read"):
            raise NotFound("no_such_calendar", mark("There is no calendar under this address."))
        body = _file(request, session, user)
        session.commit()
    return Response(body, media_type=TYPE)


def _file(request: Request, session: Session, user: SignedIn) -> bytes:
    now = present()
    first, before = today(now) - BACK, today(now) + AHEAD
    parts = request.app.state.calendars
    found = entries_of(session, parts, "mine", user, first, before, now=now, today=today(now))
    tasks = {f"task-{one.id}": one for one in tasks_between(session, "mine", user, first, before)}
    name = f"{settings().utility_name}: {user.name}"
    zone = ZoneInfo(settings().timezone)
    return calendar_file(name, found, tasks, now=now, base=_base(request), zone=zone)


def _feed_page(v: Visit, address: str = "") -> Response:
    since = feed_of(v.session, v.user.id)
    return v.render("tasks/feed.html", since=since, address=address)


def _base(request: Request) -> str:
    return (settings().public_url or str(request.base_url)).rstrip("/")
