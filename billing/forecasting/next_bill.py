"""An account's next bill: what is read of it as it stands, what is to come as like days foretell it,
priced as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from sqlalchemy.orm import Session

from billing.cycles import month_of_cycle
from billing.domain.errors import MissingPrices, NotRateable
from billing.domain.forecast.channel import ChannelAhead, Ends, channel_ahead
from billing.domain.plans.supply_state import SupplyState
from billing.domain.rating.forecast import Spread, scale_of
from billing.domain.rating.rate import rate
from billing.domain.rating.rated import RatedBatch
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.drafting import Draft
from billing.forecasting.foretold import HowFarOff, NextBill, Part, Stretch, Untold
from billing.forecasting.reading import (
    FittedWeather,
    Read,
    Ready,
    read_channels,
    reads_anything,
    ready_supplies,
    weather_of,
)
from billing.life.budgets import budgeted
from billing.queries.bills import BillRow
from billing.queries.looking_back import pasts_before
from billing.queries.net_credits import states_before

LEVEL = 80
"""Percent of next bills that lie inside the interval."""
STEADY = 13
"""Bills that say how unsteady a customer is: a year of months, and the one before."""


def next_bill(
    session: Session,
    account_id: int,
    bills: Sequence[BillRow],
    cycle_day: int,
    today: date,
    spread: Callable[[], Spread | None],
) -> NextBill | Untold:
    """bills: issued ones of the account, the newest first. spread: how far off forecasts were for others like
    them, asked for only where their own are too few."""
    cycle = _cycle(bills, cycle_day, today)
    found = ready_supplies(session, account_id, cycle)
    if not found:
        return Untold("nothing_supplied", bills[0].last_on if bills else None)
    for one in found:
        if (reason := _not_foretold(one)) is not None:
            unread = reason == "by_dials" and not reads_anything(session, one.supply.service_point)
            return Untold("no_readings" if unread else reason)
    period = Period(min(one.supply.starts_on for one in found), max(one.supply.ends_before for one in found))
    read = read_channels(session, account_id, found, cycle)
    ends = _others_ends(bills, spread)
    channels: dict[int, ChannelAhead] = {}
    fits: list[FittedWeather] = []
    for one in found:
        for channel in _channels(one):
            if channel in channels:
                continue
            made = _channel(
                channel, [other for other in found if channel in _channels(other)], read, ends, fits
            )
            if made is None:
                return Untold("too_little_read" if channel in read.usage else "no_readings")
            channels[channel] = made
    states = _states(session, found)
    if states is None:
        return Untold("looks_back")
    try:
        rated = _rated(found, channels, states)
    except MissingPrices as fault:
        return Untold("no_prices", fault.at.date())
    except (NotRateable, OverflowError):
        return Untold("not_rateable")
    if rated is None:
        return Untold("export")
    return _told(session, found, period, channels, rated, fits)


def _cycle(bills: Sequence[BillRow], cycle_day: int, today: date) -> Period:
    """The days from the last bill to the cycle's end; the cycle of today where there is no bill."""
    starts_on = bills[0].ends_before if bills else None
    first, ends_before = month_of_cycle(starts_on or today, cycle_day).cycle(cycle_day)
    return Period(starts_on or first, ends_before)


def _not_foretold(one: Ready) -> str | None:
    if one.supply.timezone is None:
        return "no_place"
    if not one.supply.channel_ids or one.tariff.metered_unit != "kWh":
        return "by_dials"
    if one.tariff.reads_reactive:
        return "reactive"
    if len(one.supply.channel_ids) > 1 or one.tariff.currency != one.supply.account_currency:
        return "not_rateable"
    return None


def _channels(one: Ready) -> tuple[int, ...]:
    given = one.supply.export_channel_ids[:1] if one.tariff.reads_export else ()
    return (one.supply.channel_ids[0], *given)


def _others_ends(bills: Sequence[BillRow], spread: Callable[[], Spread | None]) -> Callable[[], Ends | None]:
    """Once asked for, the ends as others' forecasts give them, by how unsteady this customer's bills are."""
    found: list[Ends | None] = []

    def ends() -> Ends | None:
        if not found:
            one = spread() if bills else None
            scale = scale_of(use_of(bills[:STEADY]), one.base_sd) if one else 0.0
            found.append((one.low * scale, one.high * scale) if one else None)
        return found[0]

    return ends


def _channel(
    channel: int,
    found: Sequence[Ready],
    read: Read,
    ends: Callable[[], Ends | None],
    fits: list[FittedWeather],
) -> ChannelAhead | None:
    """A channel over the days of the supplies that read it."""
    readings = read.usage.get(channel)
    if readings is None:
        return None
    first = found[0]
    period = Period(min(one.supply.starts_on for one in found), max(one.supply.ends_before for one in found))
    weather = None
    if channel == first.supply.channel_ids[0]:
        known = read.celsius.get(channel)
        holidays, timezone = first.tariff.holidays, first.supply.timezone or "UTC"
        weather = weather_of(readings, known, period, first.zone, holidays, timezone)
    days = None if weather is None else weather.days

    def made(otherwise: Ends | None) -> ChannelAhead | None:
        return channel_ahead(readings, period, first.zone, first.tariff.holidays, LEVEL, days, otherwise)

    one = made(None)
    if one is not None and not one.is_measured:
        fits += [] if weather is None or one.is_read else [weather]
        if one.margin is None and (others := ends()) is not None:
            one = made(others)
    return one


def _states(session: Session, found: Sequence[Ready]) -> list[SupplyState] | None:
    """What earlier bills left to each supply; None where a tariff looks back on what is not known."""
    states = [SupplyState() for _ in found]
    giving = [place for place, one in enumerate(found) if one.tariff.reads_export]
    asked = [found[place].supply for place in giving]
    left = states_before(session, [(one.account_id, one.service_point, one.starts_on) for one in asked])
    for place, state in zip(giving, left, strict=True):
        states[place] = state
    looking = [place for place, one in enumerate(found) if one.tariff.looks_back]
    pasts = pasts_before(
        session, [(found[at].supply.agreement_id, found[at].supply.starts_on) for at in looking]
    )
    for place, past in zip(looking, pasts, strict=True):
        if not past.known:
            return None
        states[place] = past.added_to(states[place])
    return states


@dataclass(frozen=True, slots=True)
class _Rated:
    """A supply's whole bill at the low end, in the middle and at the high end; so_far: of the days read."""

    ready: Ready
    minor: tuple[int, ...]
    micro_kwh: tuple[int, ...]
    so_far: RatedBatch | None


def _rated(
    found: Sequence[Ready], channels: dict[int, ChannelAhead], states: Sequence[SupplyState]
) -> list[_Rated] | None:
    """None where energy given back is read at other intervals than energy taken."""
    read_before = min(one.read_before for one in channels.values())
    rated = []
    for one, state in zip(found, states, strict=True):
        matrix = _matrix(one, channels)
        if matrix is None:
            return None
        ending = (
            replace(state, ends=one.supply.ends)
            if one.tariff.looks_back or one.tariff.reads_export
            else state
        )
        whole = rate(matrix, one.tariff, one.period, timezone=one.zone, state=ending)
        so_far = None
        if read_before >= one.supply.ends_before:
            so_far = whole
        elif read_before > one.supply.starts_on:
            days = Period(one.supply.starts_on, read_before)
            so_far = rate(matrix, one.tariff, days, timezone=one.zone, state=state)
        rated.append(_Rated(one, tuple(whole.total_minor.tolist()), tuple(whole.micro_kwh.tolist()), so_far))
    return rated


def _matrix(one: Ready, channels: dict[int, ChannelAhead]) -> UsageMatrix | None:
    """The three rows of a supply: the least taken beside the most given back, and the other way about."""
    taken, *given = (channels[channel] for channel in _channels(one))
    starts_at, minutes = taken.axis.starts_at(0), taken.axis.interval_minutes
    export = None
    if given:
        if (given[0].axis.first_minute, given[0].rows.shape) != (taken.axis.first_minute, taken.rows.shape):
            return None
        export = UsageMatrix(starts_at, minutes, np.ascontiguousarray(given[0].rows[::-1]))
    estimated = np.repeat(taken.estimated[None, :], 3, axis=0)
    return UsageMatrix(starts_at, minutes, taken.rows, None, estimated, export)


def _told(
    session: Session,
    found: Sequence[Ready],
    period: Period,
    channels: dict[int, ChannelAhead],
    rated: Sequence[_Rated],
    fits: Sequence[FittedWeather],
) -> NextBill:
    minor = [sum(one.minor[row] for one in rated) for row in range(3)]
    energy = [sum(one.micro_kwh[row] for one in rated) for row in range(3)]
    to_pay = _with_budget(session, found[0], period, minor)
    is_measured = all(one.is_measured for one in channels.values())
    known = all(one.is_measured or one.ends is not None for one in channels.values())
    read_before = min(one.read_before for one in channels.values())
    so_far, to_come = _stretches(period, read_before, rated, energy[1], minor[1])
    return NextBill(
        period,
        found[0].tariff.currency,
        to_pay[1],
        min(to_pay) if known else None,
        max(to_pay) if known else None,
        energy[1],
        min(energy) if known else None,
        max(energy) if known else None,
        LEVEL if known else 0,
        so_far,
        to_come,
        tuple(_part(one) for one in rated),
        _is_final(found),
        any(one.year_ago for one in channels.values()),
        min((one.fit for one in fits), key=lambda fit: fit.r2, default=None),
        None if is_measured or not known else _how_far_off(channels),
        to_pay[1] - minor[1],
        sum(int(one.estimated.sum()) for one in channels.values()),
        sum(int(one.missing.sum()) for one in channels.values()),
        sum(int((one.missing & one.estimated).sum()) for one in channels.values()),
        max(one.days_not_measured for one in channels.values()),
    )


def _stretches(
    period: Period, read_before: date, rated: Sequence[_Rated], micro_kwh: int, minor: int
) -> tuple[Stretch | None, Stretch | None]:
    """Of a bill of so much what is read of it, and what is to come beyond that; None where there is no such
    day."""
    so_far, to_come = None, None
    if read_before > period.starts_on:
        parts = [one.so_far for one in rated if one.so_far is not None]
        so_far = Stretch(
            Period(period.starts_on, min(read_before, period.ends_before)),
            sum(int(one.micro_kwh[1]) for one in parts),
            sum(int(one.total_minor[1]) for one in parts),
        )
    if read_before < period.ends_before:
        begins = max(read_before, period.starts_on)
        read = so_far or Stretch(period, 0, 0)
        to_come = Stretch(Period(begins, period.ends_before), micro_kwh - read.micro_kwh, minor - read.minor)
    return so_far, to_come


def _part(one: _Rated) -> Part:
    supply = one.ready.supply
    return Part(supply.service_point, one.ready.tariff.name, one.ready.period, one.micro_kwh[1], one.minor[1])


def _is_final(found: Sequence[Ready]) -> bool:
    """Whether supply ends at every service point with this bill."""
    last: dict[str, Ready] = {}
    for one in found:
        last[one.supply.service_point] = one
    return all(one.supply.ends for one in last.values())


def _how_far_off(channels: dict[int, ChannelAhead]) -> HowFarOff:
    margins = [one.margin for one in channels.values() if not one.is_measured]
    if any(one is None for one in margins):
        return HowFarOff("others")
    own = [one for one in margins if one is not None]
    return HowFarOff("own", min(one.tests for one in own), min(one.apart for one in own))


def _with_budget(session: Session, first: Ready, period: Period, minor: Sequence[int]) -> list[int]:
    """What is to be paid of such bills, where an amount is fixed; one statement, as a bill run makes it."""
    supply = first.supply
    drafts = [
        Draft(
            supply.account_id,
            supply.account,
            supply.terms_days,
            supply.account_currency,
            period.starts_on,
            period.ends_before,
            (),
            (("foretold", "", period.starts_on, period.ends_before, 0, "", 0, amount),),
        )
        for amount in minor
    ]
    return [draft.total_minor for draft in budgeted(session, drafts)]


def use_of(bills: Sequence[BillRow]) -> list[int]:
    """micro-kWh a day of bills in a row, the oldest first. bills: the newest first."""
    found, starts_on = [bills[0].micro_kwh // max(1, bills[0].days)], bills[0].starts_on
    for bill in bills[1:]:
        if bill.ends_before != starts_on:
            break
        found.append(bill.micro_kwh // max(1, bill.days))
        starts_on = bill.starts_on
    return found[::-1]
