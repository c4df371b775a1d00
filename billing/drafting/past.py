"""The months before, where a tariff looks back upon them: as bills left them, else reckoned from readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from billing.domain.errors import NotRateable
from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.plans.supply_state import PastDemand, SupplyState
from billing.domain.rating.rate import rate
from billing.domain.rating.rated import RatedBatch
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.drafting.parts import Hold, Placed, hold, usage_row
from billing.drafting.reactive import reactive_channels
from billing.queries.looking_back import Past, TraceRow, one_of, pasts_before, traces_of
from billing.queries.supplies import Supply
from meters.usage import UsageTable, usage

Rows = dict[int, tuple[UsageTable, int]]


def with_past(
    session: Session, placed: Sequence[Placed], known_at: datetime | None
) -> tuple[list[Placed], list[Hold]]:
    """Each with what its earlier bills left of demands and years, and whether its supply ends; one statement,
    two where bills left too little (three with reactive energy), none where no tariff looks back."""
    looking = [place for place, item in enumerate(placed) if item.tariff.looks_back]
    pasts = pasts_before(
        session, [(placed[at].supply.agreement_id, placed[at].period.starts_on) for at in looking]
    )
    past_of = dict(zip(looking, pasts, strict=True))
    unknown = [(placed[place], past) for place, past in past_of.items() if not past.known]
    asking = {item.supply.service_point for item, _past in unknown if item.tariff.reads_reactive}
    reactive = reactive_channels(session, asking) if asking else {}
    rows = _readings(session, unknown, [one for found in reactive.values() for one in found], known_at)
    ready: list[Placed] = []
    holds: list[Hold] = []
    for place, item in enumerate(placed):
        past = past_of.get(place)
        if past is None:
            ready.append(item)
            continue
        found = past if past.known else _reckoned(item, past, rows, reactive)
        if isinstance(found, Hold):
            holds.append(found)
        else:
            state = replace(found.added_to(item.state), ends=item.supply.ends)
            ready.append(replace(item, state=state, reckoned=found.reckoned))
    return ready, holds


def _readings(
    session: Session,
    unknown: Sequence[tuple[Placed, Past]],
    reactive: Sequence[int],
    known_at: datetime | None,
) -> Rows:
    """Of all days that are to be reckoned; at most one statement. reactive: channels to read as well."""
    if not unknown:
        return {}
    spans = [(first, last, item.zone) for item, past in unknown for first, last in past.spans]
    starts_at = min(day_starts_at(first, zone) for first, _, zone in spans)
    ends_before = max(day_starts_at(last, zone) for _, last, zone in spans)
    channels = list(dict.fromkeys((*(item.channel_id for item, _ in unknown), *reactive)))
    return {
        channel: (table, row)
        for table in usage(session, channels, starts_at, ends_before, known_at)
        for row, channel in enumerate(table.channel_ids)
    }


def _reckoned(item: Placed, past: Past, rows: Rows, reactive: Mapping[str, Sequence[int]]) -> Past | Hold:
    at = rows.get(item.channel_id)
    beside = [channel for channel in reactive.get(item.supply.service_point, ()) if channel in rows]

    def rated(period: Period, state: SupplyState) -> RatedBatch | None:
        if at is None:
            return None
        if len(beside) == 1:
            found = reactive_by_day(usage_row(*rows[beside[0]]), period, item.zone)
            state = replace(state, reactive=found)
        batch = rate(UsageMatrix.of([usage_row(*at)]), item.tariff, period, timezone=item.zone, state=state)
        return None if int(batch.missing_count[0]) else batch

    return reckoned_past(item.supply, item.tariff, past, rated)


def reckoned_past(
    supply: Supply,
    tariff: Tariff,
    past: Past,
    rated: Callable[[Period, SupplyState], RatedBatch | None],
) -> Past | Hold:
    """The months before as they would have been billed, or a hold that names the first that cannot be
    reckoned. rated: a month of this supply, None where not all of it was read."""
    state = SupplyState()
    traces: list[TraceRow] = []
    for period in months_of(past.spans):
        try:
            batch = rated(period, state)
        except NotRateable:
            batch = None
        if batch is None:
            return past_unknown(supply, tariff, period.starts_on)
        state = replace(state, years=batch.years)
        traces = [row for row in traces if row[0] != "year"] + list(traces_of(batch, 0))
    highest: dict[tuple[str, str, date], int] = {}
    for kind, code, label, month, _days, amount in traces:
        if kind == "demand":
            highest[code, label, month] = max(amount, highest.get((code, label, month), 0))
    demands = tuple(PastDemand(*key, one_of(most)) for key, most in highest.items())
    return Past(True, demands, state.years, past.spans, tuple(traces))


def months_of(spans: Sequence[tuple[date, date]]) -> list[Period]:
    """The calendar months of stretches of days, cut to them, in their order."""
    found = []
    for first, last in spans:
        day = first
        while day < last:
            following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
            found.append(Period(day, min(following, last)))
            day = following
    return found


def past_unknown(supply: Supply, tariff: Tariff, month: date) -> Hold:
    """No bill is better than one that knows nothing of the months before. month: a day of the first such."""
    words = (
        f"Tariff {tariff.code} looks back on months before (a ratchet, or a minimum of the year), "
        f"and what was drawn or billed in {month:%Y-%m} is not known: no bill says it, and not all was read."
    )
    return hold(supply, "looks_back", words)
