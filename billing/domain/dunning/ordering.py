"""The checklist of an order to limit or suspend supply: every rule, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing.domain.dunning.deciding import Standing
from billing.domain.dunning.stopping import Circumstances, stands
from billing.domain.dunning.strategy import OrderRule, Version


@dataclass(frozen=True, slots=True)
class Check:
    """A rule: `holds` True, False (the order is refused) or None (a person confirms it). `words` are given
    where the strategy's file has them. on: the day from which it would hold."""

    name: str
    holds: bool | None
    source: str
    on: date | None = None
    words: tuple[tuple[str, str], ...] = ()


def checklist(
    version: Version,
    order: str,
    standing: Standing,
    given: Circumstances,
    limited_on: date | None,
    today: date,
) -> tuple[Check, ...]:
    """Every rule for an order on a day; a single one that does not hold forbids it. limited_on: since when
    supply is limited."""
    rule = version.order(order)
    if rule is None:
        return (Check("no_rule", False, ""),)
    found = [Check("debt", standing.debt_minor > 0, rule.source)]
    if rule.norm:
        norm = version.norm_minor
        found.append(Check("norm", None if norm is None else standing.debt_minor > norm, rule.source))
    found += _notice(rule, standing, today)
    if rule.limited_days is not None:
        since = None if limited_on is None else limited_on + timedelta(days=rule.limited_days)
        found.append(Check("limited", since is not None and today >= since, rule.source, since))
    found += [
        Check(f"stop_{stop.stop}", _turned(stands(stop, given, today)), stop.source)
        for stop in version.stops
        if order in stop.holds
    ]
    found += [Check(one.name, None, one.source, None, tuple(one.words.items())) for one in rule.confirm]
    return tuple(found)


def _notice(rule: OrderRule, standing: Standing, today: date) -> list[Check]:
    notice = next((one for one in standing.posted if one.step == rule.after_step), None)
    arrived = None if notice is None else notice.arrived_on(rule.counts_from)
    if arrived is None:
        return [Check("notice", False, rule.source), Check("waited", False, rule.source)]
    since = arrived if standing.counted_from is None else max(arrived, standing.counted_from)
    until = since + timedelta(days=rule.wait_days)
    return [Check("notice", True, rule.source), Check("waited", today > until, rule.source, until)]


def _turned(standing: bool | None) -> bool | None:
    return None if standing is None else not standing
