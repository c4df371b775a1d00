"""The page of a service point, and where its readings come from: for everyone who may see customers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from meters.lineage import lineage
from meters.pages.service_point_page import service_point_page
from meters.service_points.card import service_point_card
from meters.service_points.channels import PointChannel, channels_of_point
from meters.service_points.day import wall_clock
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.visit import visit

router = APIRouter()
LONGEST = 1440


@router.get("/meter-lineage/{code:path}")
def reading(request: Request, code: str, channel: int, at: str, every: int = 30) -> Response:
    """Everything ever known of one interval: `at` is when it begins, `every` how many minutes it lasts. For
    htmx the list alone."""
    with visit(request, "readings.read") as v:
        point = service_point_card(v.session, code, v.today)
        known = {one.id: one for one in channels_of_point(v.session, point.id)}
        if channel not in known:
            raise NotFound("no_such_channel", f"Service point {code!r} has no channel {channel}.", code)
        starts_at = _instant(at)
        if not (1 <= every <= LONGEST and LONGEST % every == 0):
            raise Invalid("every", "An interval lasts a whole part of a day, in minutes.", "every")
        day, place = standing(known[channel], starts_at, every)
        told = lineage(v.session, channel, day, place)
        zone = ZoneInfo(point.zone or "UTC")
        ends_before = told.starts_at + timedelta(minutes=told.interval_minutes)
        return v.render(
            "meters/lineage.html",
            told=told,
            day=told.starts_at.astimezone(zone).date(),
            begins=wall_clock(told.starts_at, zone),
            ends=wall_clock(ends_before, zone),
        )


@router.get("/meters/{code:path}")
def service_point(request: Request, code: str, ask: str = "", day: str = "") -> Response:
    """Its days, its intervals, the files that brought them, what is doubted, and what stands there."""
    with visit(request, "readings.read") as v:
        page = service_point_page(v.session, code, ask, day, v.today)
        return v.render("meters/service_point.html", page=page)


def standing(channel: PointChannel, starts_at: datetime, every: int) -> tuple[date, int]:
    """The day of the channel's standard time in which an instant lies, and its interval's place there."""
    wall = starts_at + timedelta(minutes=channel.offset_minutes)
    return wall.date(), (wall.hour * 60 + wall.minute) // every


def _instant(said: str) -> datetime:
    """An ISO instant with its zone. Raises Invalid."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError as error:
        raise Invalid("at", f"{said!r} is no time; write 2026-11-19T09:30Z.", "at") from error
    if at.tzinfo is None:
        raise Invalid("at", f"{said!r} does not say its time zone; write 2026-11-19T09:30Z.", "at")
    return at.astimezone(UTC)
