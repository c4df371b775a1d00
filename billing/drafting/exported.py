"""Energy given back, where the tariff reads it: beside what was taken, or a reason to hold the account.

What is missing of it is never guessed, and never nothing: its readings must come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from billing.domain.rating.rate import period_mask
from billing.domain.reckoning.usage import laid_on
from billing.domain.tariffs.tariff import Tariff
from billing.drafting.parts import Hold, Placed, hold, usage_row
from billing.queries.net_credits import states_before
from billing.queries.supplies import Supply
from meters.usage import UsageTable


def export_channels(ready: Sequence[tuple[Supply, Tariff, str]]) -> list[int]:
    """The channels to read beside those of energy taken."""
    found = (supply.export_channel_ids for supply, tariff, _zone in ready if tariff.reads_export)
    return list(dict.fromkeys(channel for channels in found for channel in channels))


def with_export(
    session: Session, placed: Sequence[Placed], rows: Mapping[int, tuple[UsageTable, int]]
) -> tuple[list[Placed], list[Hold]]:
    """Each with its export and what its bill before left; one statement, none where no tariff reads it."""
    ready: list[Placed] = []
    holds: list[Hold] = []
    for item in placed:
        if not item.tariff.reads_export or not item.supply.export_channel_ids:
            ready.append(item)
            continue
        found = _exported(item, rows)
        if isinstance(found, Hold):
            holds.append(found)
        else:
            ready.append(found)
    reading = [place for place, item in enumerate(ready) if item.tariff.reads_export]
    supplies = [ready[place].supply for place in reading]
    states = states_before(session, [(one.account_id, one.service_point, one.starts_on) for one in supplies])
    for place, state in zip(reading, states, strict=True):
        ready[place] = replace(ready[place], state=replace(state, ends=ready[place].supply.ends))
    return ready, holds


def _exported(item: Placed, rows: Mapping[int, tuple[UsageTable, int]]) -> Placed | Hold:
    supply = item.supply
    point, channels = supply.service_point, supply.export_channel_ids
    if len(channels) > 1:
        words = f"Service point {point} has {len(channels)} channels of energy given back."
        return hold(supply, "several_channels", words)
    at = rows.get(channels[0])
    if at is None:
        words = f"No reading of energy given back at service point {point} in these days."
        return hold(supply, "missing_export", words)
    own = usage_row(item.table, item.row)
    export = laid_on(usage_row(*at), own.starts_at, own.interval_minutes, own.micro_kwh.size)
    if export is None:
        words = f"Energy taken and given back is read at other intervals at service point {point}."
        return hold(supply, "export_axis", words)
    missing = int((export.missing & period_mask(own, item.period, item.zone)).sum())
    if missing:
        words = f"{missing:,} readings of energy given back are missing at service point {point}."
        return hold(supply, "missing_export", words)
    if int(export.micro_kwh.min(initial=0)) < 0:
        words = f"Readings of energy given back are below zero at service point {point}."
        return hold(supply, "negative_export", words)
    return replace(item, export=export)
