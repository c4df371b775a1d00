"""Two months of a meter file under one tariff held against each other: an explanation without a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from billing.cycles import Month
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.explanation.comparison import Comparison, compare
from billing.domain.explanation.sides import Side
from billing.domain.explanation.weather.parting import (
    LeftOut,
    Weather,
    record_of,
    weather_of_bills,
    year_of,
)
from billing.domain.explanation.weather.record import Temperatures
from billing.domain.explanation.words import answer_of
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import SupplyState
from billing.domain.rating.quote import split, touched_dates
from billing.domain.rating.rate import rate
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage, UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.explaining.document import ExplanationDocument, SupplyWeather, explanation_document
from billing.explaining.explained import effect_rows
from billing.explaining.latitudes import latitude_of
from billing.quoted_supply import NO_CONNECTION, Connected, ToldSupply
from billing.quoting import export_blocks, import_blocks, refusing, supply_told, usage_of, with_export
from meters.domain.blocks import Block
from meters.feeds.reading import FeedFile
from utility_crm.kit.errors import Invalid, Refused


@dataclass(frozen=True, slots=True)
class Compared:
    """The document of an explanation, the rest to say if asked on, and what to say beside it."""

    document: ExplanationDocument
    if_asked_on: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Months:
    """The two to compare."""

    before: Month
    after: Month

    @property
    def periods(self) -> tuple[Period, Period]:
        first, second = (Period(one.starts_on, one.plus(1).starts_on) for one in (self.before, self.after))
        return first, second


def compare_feed(
    feed: FeedFile,
    tariff: Tariff,
    months: Months,
    *,
    channels: Mapping[str, str],
    timezone: str | None,
    temperatures: Temperatures | None = None,
    connected: Connected = NO_CONNECTION,
) -> Compared:
    """Why one channel's `after` costs other than its `before`. timezone: of a tariff that names none.
    connected: what is told of the connection.

    Raises Invalid for a file with no reading and for a connection that nobody told, Refused for a month
    without any, several channels, and what the tariff cannot price or compare.
    """
    blocks = import_blocks(feed, channels)
    usage, notes = _usage(feed, tariff, blocks, channels)
    told, said = supply_told(feed, tariff, channels, connected)
    with refusing(feed.path, tariff):
        zone = tariff.zone(timezone)
        for month, period in zip((months.before, months.after), months.periods, strict=True):
            if not _read(usage, period, zone):
                raise Refused("no_readings", f"The file holds no reading of {month}.", feed.path)
        before, after = _sides(usage, tariff, months, zone, told)
        weather = _weather(usage, tariff, months, zone, temperatures)
        found = compare(before, after, weather)
    warnings = [*(problem.message for problem in feed.problems), *notes, *said]
    if blocks[0].unit.declared is None:
        warnings.append(f"Channel {blocks[0].channel} names no unit; its values are taken as kWh.")
    for bill in (found.before, found.after):
        warnings += [note.words for note in bill.notes]
    return _told(found, blocks[0].service_point, dict.fromkeys(warnings))


def _usage(
    feed: FeedFile, tariff: Tariff, blocks: Sequence[Block], channels: Mapping[str, str]
) -> tuple[Usage, list[str]]:
    """What was taken, and given back where the tariff looks at it; and what is to be said of that."""
    if "export" in channels and tariff.reads_export:
        return with_export(blocks, export_blocks(feed, channels["export"])), []
    if "export" in channels:
        words = f"Channel {channels['export']} is energy given back; this tariff does not price it."
        return usage_of(blocks), [words]
    if tariff.reads_export:
        words = "The tariff reads energy given back; no channel of it is named (--channels export=...)."
        return usage_of(blocks), [words]
    return usage_of(blocks), []


def _told(found: Comparison, point: str, warnings: Mapping[str, None]) -> Compared:
    answer = answer_of(found)
    document = explanation_document(
        found.before.total_minor,
        found.after.total_minor,
        found.after.decimals,
        effect_rows(found),
        answer.sentence,
        () if found.weather is None else (SupplyWeather(point, found.weather),),
        compared=True,
    )
    return Compared(document, answer.if_asked_on, tuple(warnings))


def _read(usage: Usage, period: Period, zone: str) -> bool:
    """Whether any interval of the period was read."""
    step = timedelta(minutes=usage.interval_minutes)
    begin, end = (
        max(0, -((usage.starts_at - day_starts_at(day, zone)) // step))
        for day in (period.starts_on, period.ends_before)
    )
    return not bool(usage.missing[begin:end].all())


def _sides(usage: Usage, tariff: Tariff, months: Months, zone: str, told: ToldSupply) -> Iterator[Side]:
    """Each month as a quote of the whole file bills it: earlier months leave their demands and their year."""
    states = _states(usage, tariff, months, zone, told) if _looks_back(tariff) else {}
    for period in months.periods:
        state = states[period] if period in states else told.state(period, zone)
        yield Side(usage, tariff, period, zone, None, state)


def _looks_back(tariff: Tariff) -> bool:
    charges = [charge for version in tariff.versions for charge in version.charges]
    return any(
        (isinstance(charge, DemandCharge) and charge.ratchet is not None)
        or (isinstance(charge, MinimumCharge) and charge.per == "year")
        or (isinstance(charge, EnergyCharge) and charge.net is not None)
        for charge in charges
    )


def _states(
    usage: Usage, tariff: Tariff, months: Months, zone: str, told: ToldSupply
) -> dict[Period, SupplyState]:
    """What the months before each leave to it."""
    first = max(touched_dates(usage, zone).starts_on, tariff.versions[0].starts_on)
    last = max(period.starts_on for period in months.periods)
    ends_before = max(period.ends_before for period in months.periods)
    matrix, state = UsageMatrix.of([usage]), told.state(Period(min(first, last), ends_before), zone)
    found: dict[Period, SupplyState] = {}
    for part in split(Period(first, last), "month") if first < last else ():
        found[part] = state
        state = state_after(state, rate(matrix, tariff, part, timezone=zone, state=state))
    for period in months.periods:
        if period.starts_on == last:
            found[period] = state
    return found


def _weather(
    usage: Usage, tariff: Tariff, months: Months, zone: str, temperatures: Temperatures | None
) -> Weather | LeftOut | None:
    if temperatures is None:
        return None
    before, after = months.periods
    record = record_of(
        usage,
        temperatures,
        year_of(before, after),
        timezone=zone,
        latitude=latitude_of(zone),
        holidays=tariff.holidays,
    )
    return weather_of_bills(record, temperatures, before, after, zone)


def temperatures_from(path: Path, columns: Mapping[str, str], timezone: str | None) -> Temperatures:
    """The temperatures of a file of one place. timezone: of stamps without an offset, else UTC. Raises
    Invalid with the line of the fault."""
    from utility_crm.network.temperature_file import UNKNOWN, read_temperatures  # with its frames

    zone = ZoneInfo(timezone) if timezone else None
    tables, problems = read_temperatures(path.read_bytes(), columns, zone, str(path))
    if problems:
        raise Invalid("temperatures", f"{problems[0].message}.", f"{path}, line {problems[0].line}")
    if len(tables) > 1:
        raise Invalid(
            "several_areas", f"The file holds {len(tables)} areas; a comparison is of one.", str(path)
        )
    (table,) = tables
    size = table.millicelsius.shape[1]
    first, days = int(table.days[0]), int(table.days[-1] - table.days[0]) + 1
    celsius = np.full((days, size), np.nan)
    celsius[table.days - first] = np.where(table.millicelsius == UNKNOWN, np.nan, table.millicelsius / 1000)
    return Temperatures(datetime.fromordinal(first).replace(tzinfo=UTC), 1440 // size, celsius.reshape(-1))
