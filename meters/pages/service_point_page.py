"""The page of a service point: five questions, answered in short, and the chosen one in full."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy.orm import Session

from meters.service_points.card import (
    BringingFeed,
    OpenFinding,
    ServicePointCard,
    StandingMeter,
    bringing_feeds,
    open_findings,
    service_point_card,
    standing_meters,
)
from meters.service_points.channels import PointChannel, channels_of_point
from meters.service_points.chart import DayChart, day_chart
from meters.service_points.day import CHANNELS_DRAWN, PointDay, chosen_day, day_of
from meters.service_points.strip import DAYS_SHOWN, DayMark, days_strip

QUESTIONS = ("whole", "day", "files", "doubted", "stands")


@dataclass(frozen=True, slots=True)
class ServicePointPage:
    """Everything the template shows. What belongs to questions that were not chosen is empty."""

    chosen: str
    card: ServicePointCard
    channels: tuple[PointChannel, ...]
    strip: tuple[tuple[DayMark, ...], ...]
    meters: tuple[StandingMeter, ...]
    last_day: date | None
    newest: date
    day: date | None = None
    use: PointDay | None = None
    charts: tuple[DayChart, ...] = ()
    feeds: tuple[BringingFeed, ...] = ()
    findings: tuple[OpenFinding, ...] = ()

    @property
    def due(self) -> int:
        """Readings owed on the days of the strip."""
        return sum(one.share.due for days in self.strip for one in days if one.owed)

    @property
    def lacking(self) -> int:
        """Readings owed and not there."""
        return sum(one.share.lacking for days in self.strip for one in days if one.owed)

    @property
    def odd(self) -> list[DayMark]:
        """Days that are not plain, the latest first."""
        found = [one for days in self.strip for one in days if one.odd]
        return sorted(found, key=lambda one: (one.day, one.channel.name), reverse=True)


def service_point_page(session: Session, code: str, chosen: str, day: str, today: date) -> ServicePointPage:
    """The page with one question answered in full. `day` (ISO) is that whose intervals are shown; the last
    one known where it is none. Raises NotFound."""
    card = service_point_card(session, code, today)
    channels = channels_of_point(session, card.id)
    days = [one.last_day for one in channels if one.last_day is not None]
    page = ServicePointPage(
        chosen if chosen in QUESTIONS else QUESTIONS[0],
        card,
        tuple(channels),
        tuple(tuple(days) for days in days_strip(session, card.id, channels, today)),
        tuple(standing_meters(session, card.id)),
        max(days, default=None),
        today,
    )
    match page.chosen:
        case "day":
            return _with_day(session, page, day)
        case "files":
            first, last = today - timedelta(days=DAYS_SHOWN), today + timedelta(days=1)
            return replace(page, feeds=tuple(bringing_feeds(session, card.id, first, last)))
        case "doubted":
            return replace(page, findings=tuple(open_findings(session, card.id)))
        case _:
            return page


def _with_day(session: Session, page: ServicePointPage, said: str) -> ServicePointPage:
    day = chosen_day(said, page.last_day, page.newest)
    if not page.channels:
        return replace(page, day=day)
    use = day_of(session, page.channels[:CHANNELS_DRAWN], day)
    charts = tuple(day_chart(use, one) for one in use.channels)
    return replace(page, day=day, use=use, charts=charts)
