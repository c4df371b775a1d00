"""A quote from files: a tariff and one channel of a meter file, no database."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from billing.domain.errors import (
    BillingRefusal,
    MissingPrices,
    PricesRefused,
    TariffRefused,
    UnknownConnection,
    UnknownReactive,
    as_sentence,
)
from billing.domain.rating.quote import Quote, QuotePeriod, quote, touched_dates, unread_days
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.interchange import own_form
from billing.domain.tariffs.json_place import loads
from billing.domain.tariffs.price_file import read_prices
from billing.domain.tariffs.price_series import PriceSeries
from billing.domain.tariffs.tariff import Tariff
from billing.quoted_supply import NO_CONNECTION, Connected, ToldSupply, told_supply
from meters.domain.blocks import MISSING, Block
from meters.domain.quality import Quality
from meters.feeds.reading import FeedFile
from utility_crm.kit.errors import Invalid, Refused

DIRECTIONS = ("import", "export", "reactive")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote and what to say beside it."""

    quote: Quote
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TariffFile:
    """The tariff of a file, and what is to be said of how another format was understood."""

    tariff: Tariff
    notes: tuple[str, ...]


def tariff_from(path: Path) -> TariffFile:
    """The tariff of a file, in our format or URDB JSON. Raises Invalid with the place of the fault."""
    try:
        found = own_form(loads(path.read_text(encoding="utf-8")))
        return TariffFile(found.tariff, found.notes)
    except UnicodeDecodeError as fault:
        raise Invalid("tariff_refused", "The tariff file is not UTF-8 text.", str(path)) from fault
    except TariffRefused as fault:
        words = f"{path} cannot be taken: {as_sentence(str(fault), False)}"
        raise Invalid(fault.code, words, fault.place or str(path)) from fault


def priced_by_files(tariff: Tariff, files: Sequence[str], timezone: str | None) -> Tariff:
    """The tariff with the price series of files: FILE, or SERIES=FILE where it names several series.

    timezone: of a tariff that names none, and so of times without an offset. Raises Refused where the tariff
    names no such series, Invalid with the line of a fault.
    """
    named = tariff.series_named
    if files and not named:
        words = f"Tariff {tariff.code} names no price series; none of its prices comes from a file of prices."
        raise Refused("no_series", words, files[0])
    found: dict[str, PriceSeries] = {}
    for given in files:
        path = price_path(given)
        series = given.removesuffix(path).rstrip("=")
        if series and series not in named:
            words = f"Tariff {tariff.code} names no price series {series}; it names {', '.join(named)}."
            raise Refused("no_series", words, given)
        if not series:
            series = named[0]
            if len(named) > 1:
                words = (
                    f"Tariff {tariff.code} names several price series ({', '.join(named)}); say which, such "
                    f"as {named[0]}=FILE."
                )
                raise Refused("several_series", words, given)
        if series in found:
            raise Refused("prices_twice", f"The series {series} is given twice.", given)
        found[series] = prices_from(Path(path), series, tariff.timezone or timezone)
    return tariff.with_prices(found.values())


def price_path(given: str) -> str:
    """The path of FILE or SERIES=FILE; a file that is there with such a name is meant as it stands."""
    _series, equals, path = given.partition("=")
    return given if not equals or Path(given).exists() else path


def prices_from(path: Path, series: str, timezone: str | None) -> PriceSeries:
    """The prices of a file. Raises Invalid with the line and the reason."""
    try:
        return read_prices(path.read_text(encoding="utf-8"), series, timezone)
    except UnicodeDecodeError as fault:
        raise Invalid("prices_refused", "The file of prices is not UTF-8 text.", str(path)) from fault
    except PricesRefused as fault:
        where = f"{path}, line {fault.line}" if fault.line else str(path)
        raise Invalid(fault.code, as_sentence(fault.reason), where) from fault


def quote_feed(
    feed: FeedFile,
    tariff: Tariff,
    *,
    channels: Mapping[str, str],
    timezone: str | None,
    starts_on: date | None,
    ends_before: date | None,
    by: QuotePeriod,
    connected: Connected = NO_CONNECTION,
) -> Quoted:
    """Price one channel of a read file. channels: names by direction; needed where the file has several.
    connected: what is told of the connection.

    Raises Invalid for a file with no reading to price, and for a connection that the tariff asks for and
    nobody told (`connection_kw`, `connection_kva`); Refused for several service points or channels, and for
    what the tariff cannot price.
    """
    blocks = import_blocks(feed, channels)
    usage = usage_of(blocks)
    warnings = [problem.message for problem in feed.problems]
    if blocks[0].unit.declared is None:
        warnings.append(f"Channel {blocks[0].channel} names no unit; its values are taken as kWh.")
    if "export" in channels and tariff.reads_export:
        usage = with_export(blocks, export_blocks(feed, channels["export"]))
    elif "export" in channels:
        warnings.append(f"Channel {channels['export']} is energy given back; this tariff does not price it.")
    elif tariff.reads_export:
        warnings.append(
            "The tariff reads energy given back; no channel of it is named (--channels export=...)."
        )
    told, notes = supply_told(feed, tariff, channels, connected)
    warnings += notes
    with refusing(feed.path, tariff):
        zone = tariff.zone(timezone)
        if starts_on is None or ends_before is None:
            touched = touched_dates(usage, zone)
            starts_on, ends_before = starts_on or touched.starts_on, ends_before or touched.ends_before
        # An empty span is refused by the quote itself.
        span = Period(starts_on, max(ends_before, starts_on + timedelta(days=1)))
        found = quote(
            usage,
            tariff,
            timezone=timezone,
            starts_on=starts_on,
            ends_before=ends_before,
            by=by,
            state=told.state(span, zone),
        )
    warnings += _not_priced(usage, found, tariff.zone(timezone))
    gaps = sum(bill.export_missing_count for bill in found.bills)
    if gaps:
        warnings.append(f"{gaps:,} readings of energy given back are missing, and are not paid for.")
    for note in dict.fromkeys(note for bill in found.bills for note in bill.notes):
        warnings.append(note.words)
    return Quoted(found, tuple(warnings))


@contextmanager
def refusing(path: str, tariff: Tariff) -> Iterator[None]:
    """Around what prices a file: a refusal names the file, and where an option would help, the option."""
    try:
        yield
    except MissingPrices as fault:
        words = fault.sentence
        if not tariff.prices:
            words += " Give a file of prices (--prices FILE)."
        raise Refused(fault.code, words, path) from fault
    except UnknownConnection as fault:
        words = (
            f"'{fault.charge}' of the tariff is by the {fault.each} of the connection; say how many it has"
        )
        raise Invalid(f"connection_{fault.each.lower()}", words, path) from fault
    except UnknownReactive as fault:
        words = f"{fault.sentence} Name its channel (--channels import=E1,reactive=Q1)."
        raise Refused(fault.code, words, path) from fault
    except BillingRefusal as fault:
        raise Refused(fault.code, fault.sentence, path) from fault


def supply_told(
    feed: FeedFile, tariff: Tariff, channels: Mapping[str, str], connected: Connected
) -> tuple[ToldSupply, list[str]]:
    """What is told of the supply beside its readings, and what is to be said of that. Raises Refused."""
    name = channels.get("reactive")
    blocks = [] if name is None else channel_blocks(feed, name)
    return told_supply(tariff, connected, feed.path, blocks, usage_of(blocks) if blocks else None)


def channel_blocks(feed: FeedFile, name: str) -> list[Block]:
    """The days of a channel, in order."""
    return sorted((block for block in feed.blocks if block.channel == name), key=lambda block: block.day)


def _not_priced(usage: Usage, found: Quote, zone: str) -> list[str]:
    """What of the span was not read, and what was read lies outside of it."""
    span = Period(found.bills[0].period.starts_on, found.bills[-1].period.ends_before)
    said, days = [], unread_days(usage, span, zone)
    if days:
        words = _listed([day.isoformat() for day in days])
        count = "1 day has" if len(days) == 1 else f"{len(days):,} days have"
        said.append(f"{count} no reading, and no energy is priced there: {words}.")
    outside = int((~usage.missing).sum()) - found.readings
    if outside > 0:
        words = f"from {span.starts_on} to before {span.ends_before}"
        said.append(f"{outside:,} readings of the file lie outside the span ({words}), and are not priced.")
    return said


def import_blocks(feed: FeedFile, channels: Mapping[str, str]) -> list[Block]:
    """The days of the channel to price, in order. Raises Invalid or Refused."""
    if not feed.blocks:
        problem = feed.problems[0] if feed.problems else None
        where = f"{feed.path}, line {problem.line}" if problem and problem.line else feed.path
        raise Invalid(
            problem.code if problem else "no_readings",
            problem.message if problem else "The file holds no reading.",
            where,
        )
    points = list(dict.fromkeys(block.service_point for block in feed.blocks))
    if len(points) > 1:
        raise Refused(
            "several_service_points",
            f"The file holds {len(points)} service points ({_listed(points)}); a quote is for one.",
            feed.path,
        )
    names = list(dict.fromkeys(block.channel for block in feed.blocks))
    for name in channels.values():
        if name not in names:
            words = f"There is no channel {name} in the file; it holds {_listed(names)}."
            raise Invalid("no_such_channel", words, feed.path)
    if "import" not in channels and len(names) > 1:
        taken = next((block.channel for block in feed.blocks if block.direction == "import"), names[0])
        words = (
            f"The file holds the channels {_listed(names)}; name the one to price, such as import={taken}."
        )
        raise Refused("several_channels", words, feed.path)
    chosen = channels.get("import", names[0])
    blocks = channel_blocks(feed, chosen)
    unit, direction = blocks[0].unit, blocks[0].direction
    if unit.declared is not None and unit.base != "kWh":
        raise Refused("unit", f"Channel {chosen} is in {unit.declared}; a tariff prices energy.", feed.path)
    if direction != "import" and "import" not in channels:
        words = f"Channel {chosen} is energy given back; a quote is for energy taken."
        raise Refused("export_only", words, feed.path)
    return blocks


def export_blocks(feed: FeedFile, name: str) -> list[Block]:
    """The days of the channel of energy given back, in order. Raises Refused for another unit."""
    blocks = channel_blocks(feed, name)
    unit = blocks[0].unit
    if unit.declared is not None and unit.base != "kWh":
        raise Refused("unit", f"Channel {name} is in {unit.declared}; a tariff prices energy.", feed.path)
    if any(((block.values < 0) & (block.values != MISSING)).any() for block in blocks):
        words = f"Channel {name} holds readings below zero; energy given back is counted upwards."
        raise Refused("negative_export", words, feed.path)
    return blocks


def with_export(taken: Sequence[Block], given: Sequence[Block]) -> Usage:
    """Import and export on one axis, over all that either was read."""
    interval = math.lcm(*(block.interval_minutes for block in (*taken, *given)))
    usages = [usage_of(blocks, interval) for blocks in (taken, given)]
    starts_at = min(usage.starts_at for usage in usages)
    ends_before = max(usage.ends_before for usage in usages)
    usage, export = (_over(usage, starts_at, ends_before) for usage in usages)
    return replace(usage, export=export)


def _over(usage: Usage, starts_at: datetime, ends_before: datetime) -> Usage:
    """The same over a longer time, where it has no readings."""
    step = timedelta(minutes=usage.interval_minutes)
    before, apart = divmod(usage.starts_at - starts_at, step)
    if apart:
        raise Refused("axis", "The channels' intervals begin at different minutes.")
    around = (before, (ends_before - usage.ends_before) // step)
    return Usage(
        starts_at,
        usage.interval_minutes,
        np.pad(usage.micro_kwh, around),
        np.pad(usage.missing, around, constant_values=True),
        np.pad(usage.estimated, around),
    )


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def usage_of(blocks: Sequence[Block], interval: int = 0) -> Usage:
    """Blocks of one channel, by day, as the engine takes them; days between them are missing.

    Where the interval changes, all are given at the shortest length that every one divides; there an interval
    with any part missing is missing. Of two standard times in one file the first one's days decide the axis.
    interval: of the answer, where it is not the shortest.
    """
    interval = interval or math.lcm(*(block.interval_minutes for block in blocks))
    step = timedelta(minutes=interval)
    first = min(block.starts_at for block in blocks).astimezone(UTC)
    last = max(block.starts_at for block in blocks).astimezone(UTC) + timedelta(days=1)
    size = -((first - last) // step)
    values = np.zeros(size, dtype=np.int64)
    missing, estimated = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    for block in blocks:
        shape = (1440 // interval, interval // block.interval_minutes)
        present = (block.values != MISSING).reshape(shape).all(axis=1)
        grades = block.qualities().reshape(shape)
        offset, apart = divmod(block.starts_at.astimezone(UTC) - first, step)
        if apart:
            raise Refused(
                "axis", f"The day {block.day} of channel {block.channel} lies off the others' grid."
            )
        place = np.flatnonzero(present) + offset
        values[place] = np.where(block.values == MISSING, 0, block.values).reshape(shape).sum(axis=1)[present]
        missing[place] = False
        estimated[place] = (grades != Quality.ACTUAL).any(axis=1)[present]
    return Usage(first, interval, values, missing, estimated)
