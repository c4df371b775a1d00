"""Supplies in, bills or reasons out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.tariff import Tariff
from billing.drafting.exported import export_channels, with_export
from billing.drafting.gaps import NEAR, Gap, filled_supplies, judged, no_readings, unread_supplies
from billing.drafting.groups import rated_group
from billing.drafting.parts import (
    Draft,
    Drafted,
    Hold,
    Placed,
    folded,
    hold,
    joined,
    matrix_of,
    rated_supplies,
)
from billing.drafting.past import with_past
from billing.drafting.reactive import reactive_axis, with_reactive
from billing.drafting.registers import read_supplies
from billing.queries.prices import with_known_prices
from billing.queries.supplies import Supply
from billing.queries.tariffs import tariffs_by_id
from meters.usage import UsageTable, usage


def draft_bills(
    session: Session, found: Sequence[Supply], known_at: datetime | None, released: Collection[int] = ()
) -> tuple[list[Draft], list[Hold]]:
    """Bills for the supplies of whole accounts, or why there is none, from readings as known at `known_at`.

    released: accounts whose gaps ops let through however long they are.
    """
    made = draft_accounts(session, found, known_at)
    kept = [one for one in made.drafts if one.account_id in released or one.account_id not in made.asks]
    asked = [
        joined(made.asks[one.account_id], one.starts_on, one.ends_before)
        for one in made.drafts
        if one.account_id in made.asks and one.account_id not in released
    ]
    return kept, sorted([*made.holds, *asked], key=lambda one: one.account_id)


def draft_accounts(session: Session, found: Sequence[Supply], known_at: datetime | None) -> Drafted:
    """Bills for the supplies of whole accounts with every gap filled that can be, and what somebody must
    answer for in them; or why there is none. Readings count as known at `known_at`."""
    placed, by_dial, holds = _placed(session, found, known_at)
    rated, refused, without = read_supplies(session, by_dial, known_at)
    holds += [*refused, *(no_readings(supply) for supply in without)]
    gaps: list[Gap] = []
    for alike in _alike(placed):
        group, batch, refused = rated_group(alike, matrix_of)
        holds += refused
        if batch is None:
            continue
        missing = batch.missing_count.tolist()
        rated += rated_supplies(group, batch, [row for row, count in enumerate(missing) if not count])
        gaps += [Gap(item, count, batch.intervals) for item, count in zip(group, missing, strict=True)]
    to_fill, unread, asks = judged(gaps)
    filled, guessed = filled_supplies(session, to_fill, known_at), unread_supplies(session, unread, known_at)
    return folded(
        found,
        rated + filled.rated + guessed.rated,
        holds + filled.holds + guessed.holds,
        asks + filled.asks + guessed.asks,
    )


def _placed(
    session: Session, found: Sequence[Supply], known_at: datetime | None
) -> tuple[list[Placed], list[tuple[Supply, Tariff, str]], list[Hold]]:
    """Supplies beside their readings, all read at once; those that have no intervals, with tariff and zone;
    and those that cannot be billed whatever was read."""
    tariffs = tariffs_by_id(session, {supply.tariff_id for supply in found})
    holds: list[Hold] = []
    by_dial: list[tuple[Supply, Tariff, str]] = []
    ready: list[tuple[Supply, Tariff, str]] = []
    for supply in found:
        tariff = tariffs[supply.tariff_id]
        refused = _not_billable(supply, tariff)
        if refused is not None:
            holds.append(refused)
        elif supply.channel_ids:
            ready.append((supply, tariff, tariff.zone(supply.timezone)))
        else:
            by_dial.append((supply, tariff, tariff.zone(supply.timezone)))
    if not ready:
        return [], by_dial, holds
    starts_at = min(day_starts_at(supply.starts_on, zone) for supply, _, zone in ready)
    ends_before = max(day_starts_at(supply.ends_before, zone) for supply, _, zone in ready)
    channels = list(dict.fromkeys(supply.channel_ids[0] for supply, _, _ in ready))
    channels += export_channels(ready)
    rows = _rows(usage(session, channels, starts_at, ends_before, known_at))
    if silent := [channel for channel in channels if channel not in rows]:
        # What was read near by says how long their intervals are, and may fill them.
        rows |= _rows(usage(session, silent, starts_at - NEAR, ends_before + NEAR, known_at))
    priced = with_known_prices(session, tariffs, starts_at, ends_before, known_at)
    placed = []
    for supply, _tariff, zone in ready:
        tariff = priced[supply.tariff_id]
        at = rows.get(supply.channel_ids[0])
        if at is None:
            holds.append(no_readings(supply))
        else:
            placed.append(Placed(supply, tariff, zone, Period(supply.starts_on, supply.ends_before), *at))
    placed, not_given = with_export(session, placed, rows)
    placed, not_known = with_past(session, placed, known_at)
    return with_reactive(session, placed, known_at), by_dial, holds + not_given + not_known


def _rows(tables: Iterable[UsageTable]) -> dict[int, tuple[UsageTable, int]]:
    """Where each channel's readings are."""
    return {channel: (table, row) for table in tables for row, channel in enumerate(table.channel_ids)}


def _not_billable(supply: Supply, tariff: Tariff) -> Hold | None:
    point, channels = supply.service_point, len(supply.channel_ids)
    if supply.timezone is None:
        return hold(supply, "unassigned", f"Service point {point} is not assigned to a premise.")
    if channels > 1:
        return hold(
            supply, "several_channels", f"Service point {point} has {channels} channels of energy taken."
        )
    if tariff.currency != supply.account_currency:
        words = (
            f"The account is kept in {supply.account_currency}, tariff {tariff.code} in {tariff.currency}."
        )
        return hold(supply, "currency", words)
    return None


def _alike(placed: Iterable[Placed]) -> list[list[Placed]]:
    """Supplies that one pass can rate: same tariff, zone, days and table, with reactive energy or without,
    ending or not."""
    groups: dict[tuple[int, str, date, date, int, tuple[int, int] | None, bool], list[Placed]] = {}
    for item in placed:
        supply, reactive = item.supply, reactive_axis(item)
        days = supply.starts_on, supply.ends_before
        key = (supply.tariff_id, item.zone, *days, id(item.table), reactive, item.state.ends)
        groups.setdefault(key, []).append(item)
    return list(groups.values())
