"""The gate over a chunk of drafts: what each is held for, with the figures a person decides by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from billing.domain.gate import Earlier, Figures, GateBook, covers, verdicts
from billing.domain.gate.book import Limits
from billing.domain.gate.verdicts import NEED_WEATHER
from billing.domain.gate.words import reason_of
from billing.drafting.parts import FILLABLE, Draft, Drafted, Hold
from billing.queries.gate import EarlierBills, earlier_bills, open_findings, unbilled_days, warmth


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft and what it is held for: what drafting asks somebody to answer for stands first."""

    draft: Draft
    codes: tuple[str, ...]
    figures: Figures
    limits: Limits


@dataclass(frozen=True, slots=True)
class Released:
    """What a person let through: a draft's figures, None of one released before there were any, and the
    reasons for which it waited."""

    codes: tuple[str, ...]
    figures: Mapping[str, Any] | None


def judged_drafts(
    session: Session, made: Drafted, starts_on: date, ends_before: date, gate: GateBook | None
) -> list[Judged]:
    """The drafts of a cycle, judged; four statements, five where the weather has to be asked.

    Without a gate only those that drafting itself asks about, and for no other reason.
    """
    drafts = [one for one in made.drafts if gate is not None or one.account_id in made.asks]
    book = gate or GateBook()
    if not drafts:
        return []
    earlier = earlier_bills(session, [one.account_id for one in drafts], starts_on)
    channels = [channel for one in drafts for part in one.parts for channel in part.supply.channel_ids[:1]]
    found = open_findings(session, channels, starts_on, ends_before)
    spans = {}
    for one in drafts:
        before = earlier.get(one.account_id, EarlierBills()).last
        if before is not None and before.ends_before < one.starts_on:
            spans[one.account_id] = before.ends_before, one.starts_on
    unbilled = unbilled_days(session, spans)
    judged = []
    for one in drafts:
        limits = book.limits(one.parts[0].supply.segment, one.parts[0].supply.tariff_id)
        figures = _figures(one, earlier.get(one.account_id, EarlierBills()), found, unbilled)
        judged.append(Judged(one, verdicts(figures, limits) if gate else (), figures, limits))
    judged = _weathered(session, judged)
    asked = {account: tuple(dict.fromkeys(hold.code for hold in asks)) for account, asks in made.asks.items()}
    return [replace(one, codes=(*asked.get(one.draft.account_id, ()), *one.codes)) for one in judged]


def held_or_let_through(
    made: Drafted, judged: Sequence[Judged], released: Mapping[int, Released]
) -> tuple[list[Draft], tuple[Hold, ...], tuple[int, ...]]:
    """Drafts to issue, why the others wait, and whose release was of another draft than this."""
    holds, lapsed = list(made.holds), []
    waits: set[int] = set()
    for one in judged:
        account_id = one.draft.account_id
        if not one.codes or _covered(one, released.get(account_id)):
            continue
        waits.add(account_id)
        holds.append(_hold(one, made.asks.get(account_id, ())))
        if account_id in released:
            lapsed.append(account_id)
    drafts = [one for one in made.drafts if one.account_id not in waits]
    return drafts, tuple(sorted(holds, key=lambda one: one.account_id)), tuple(lapsed)


def _covered(one: Judged, release: Released | None) -> bool:
    if release is None:
        return False
    if not release.figures:
        return set(one.codes) <= {*release.codes, *FILLABLE}
    return covers(Figures.of(release.figures), release.codes, one.figures, one.codes, one.limits)


def _hold(one: Judged, asks: Sequence[Hold]) -> Hold:
    draft = one.draft
    words = dict.fromkeys(
        (*(ask.reason for ask in asks), *(reason_of(code, one.figures) for code in one.codes))
    )
    return Hold(
        draft.account_id,
        draft.account,
        draft.starts_on,
        draft.ends_before,
        one.codes[0],
        " ".join(filter(None, words)),
        one.codes,
        one.figures.document(),
        draft.total_minor,
    )


def _figures(
    draft: Draft, earlier: EarlierBills, found: dict[int, dict[str, int]], unbilled: dict[int, int]
) -> Figures:
    minutes = missing = estimated = micro_kwh = bad = warn = 0
    for part in draft.parts:
        supply = part.supply
        minutes += (supply.ends_before - supply.starts_on).days * 1440
        missing += part.missing_minutes
        estimated += part.estimated_readings * part.interval_minutes
        micro_kwh += part.micro_kwh
        for channel in supply.channel_ids[:1]:  # a dial has none
            severities = found.get(channel, {})
            bad, warn = bad + severities.get("bad", 0), warn + severities.get("warn", 0)
    return Figures(
        (draft.ends_before - draft.starts_on).days,
        minutes,
        micro_kwh,
        draft.total_minor,
        missing,
        estimated,
        unbilled.get(draft.account_id, 0),
        bad,
        warn,
        too_old_days=draft.too_old_days,
        last=earlier.last,
        year_ago=earlier.year_ago,
    )


def _weathered(session: Session, judged: list[Judged]) -> list[Judged]:
    """The same with the weather looked at, where it can take a reason away."""
    doubtful = {place for place, one in enumerate(judged) if NEED_WEATHER & set(one.codes)}
    areas = {judged[place].draft.parts[0].supply.area_id for place in doubtful}
    spans = sorted({span for place in doubtful for span in _spans(judged[place])})
    known = warmth(session, {area for area in areas if area is not None}, spans)
    return [
        _with_weather(one, known) if place in doubtful and known else one for place, one in enumerate(judged)
    ]


def _spans(one: Judged) -> list[tuple[date, date]]:
    own = one.draft.starts_on, one.draft.ends_before
    return [own, *((before.starts_on, before.ends_before) for before in one.figures.earlier)]


def _with_weather(one: Judged, known: dict[tuple[int, tuple[date, date]], float]) -> Judged:
    area = one.draft.parts[0].supply.area_id
    if area is None:
        return one

    def of(before: Earlier | None) -> Earlier | None:
        if before is None:
            return None
        return replace(before, warmth=known.get((area, (before.starts_on, before.ends_before))))

    figures = replace(
        one.figures,
        warmth=known.get((area, (one.draft.starts_on, one.draft.ends_before))),
        last=of(one.figures.last),
        year_ago=of(one.figures.year_ago),
    )
    return replace(one, figures=figures, codes=verdicts(figures, one.limits))
