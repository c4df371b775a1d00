"""How a service point's consumption runs inside a span that only its ends were read of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from holidays import country_holidays, list_supported_countries
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.accumulated import Consumption
from meters.domain.registers.parts import ProfileOf
from meters.domain.registers.spreading import MOST_WEIGHT, LoadProfile
from meters.registers.loading import Register
from meters.registers.standard_profiles import business, household
from meters.usage import UsageTable, usage

_PLACES = """
select s.id, s.fuel, p.timezone, p.country, (
    select u.segment from occupancies o
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    where o.premise_id = s.premise_id order by o.starts_on desc limit 1
) as segment
from service_points s left join premises p on p.id = s.premise_id where s.id = any(:points)
"""
_CHANNELS = """
select c.id, c.service_point_id, c.unit, c.direction from channels c
where c.service_point_id = any(:points) order by c.id
"""

Stream = tuple[int, str, str]
"""Service point's id, unit, direction."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service point stands, as far as anybody knows."""

    fuel: str
    zone: str | None
    country: str | None
    segment: str | None


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that some registers need. `of(register)` answers for spans inside [first, last)."""

    places: Mapping[int, Place] = field(default_factory=dict)
    own: Mapping[Stream, Sequence[LoadProfile]] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None

    def of(self, register: Register) -> ProfileOf:
        """The register's own intervals where they cover a span, else the standard load, else None (even)."""
        own = self.own.get((register.service_point_id, register.unit, register.direction), ())

        def profile(starts_at: datetime, ends_before: datetime) -> LoadProfile | None:
            covering = (one for one in own if one.covers(starts_at, ends_before))
            return next(covering, None) or self._standard(register)

        return profile

    def _standard(self, register: Register) -> LoadProfile | None:
        place = self.places.get(register.service_point_id)
        if place is None or self.first is None or self.last is None:
            return None
        if (register.unit, register.direction, place.fuel) != ("kWh", "import", "electricity"):
            return None
        if place.zone is None or place.country is None:
            return None
        load = "household" if place.segment in (None, "household") else "business"
        return _standard_profile(load, self.first, self.last, place.zone, place.country)


def profiles_for(
    session: Session,
    registers: Sequence[Register],
    cut: Mapping[int, Sequence[Consumption]],
    known_at: datetime | None,
) -> Profiles:
    """Profiles for the consumptions to be divided, by register; no statement where there are none."""
    spans = [one for each in cut.values() for one in each]
    if not spans:
        return Profiles()
    first, last = min(one.starts_at for one in spans), max(one.ends_before for one in spans)
    points = sorted({register.service_point_id for register in registers if cut[register.id]})
    places = {
        row.id: Place(row.fuel, row.timezone, row.country, row.segment)
        for row in session.execute(text(_PLACES), {"points": points})
    }
    streams = {
        row.id: (row.service_point_id, row.unit, row.direction)
        for row in session.execute(text(_CHANNELS), {"points": points})
    }
    own: dict[Stream, list[LoadProfile]] = {}
    for table in usage(session, list(streams), first, last, known_at):
        for place, channel_id in enumerate(table.channel_ids):
            own.setdefault(streams[channel_id], []).extend(_whole_runs(table, place))
    return Profiles(places, own, first, last)


def _whole_runs(table: UsageTable, place: int) -> list[LoadProfile]:
    """The stretches of one channel's intervals in which none is missing."""
    there = np.flatnonzero(~table.missing[place])
    runs = []
    for run in np.split(there, np.flatnonzero(np.diff(there) != 1) + 1):
        values = table.micro[place, run]
        if run.size and int(values.min()) >= 0 and int(values.max()) <= MOST_WEIGHT:
            starts_at = table.starts_at + timedelta(minutes=table.interval_minutes) * int(run[0])
            runs.append(LoadProfile(starts_at, table.interval_minutes, values))
    return runs


@lru_cache(maxsize=32)
def _standard_profile(load: str, first: datetime, last: datetime, zone: str, country: str) -> LoadProfile:
    """Kept for the next of the same kind: a run asks for thousands of customers over one span."""
    standard = household() if load == "household" else business()
    if country not in list_supported_countries():
        return standard.profile(first, last, ZoneInfo(zone), lambda _day: False)
    off = country_holidays(country, years=range(first.year - 1, last.year + 2))
    return standard.profile(first, last, ZoneInfo(zone), lambda day: day in off)
