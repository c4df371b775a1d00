"""Energy by season, kind of day and hour: every minute of every kind of day falls in exactly one period.

Hours are clock labels: both 01:00-02:00 hours of a day of 25 hours carry the label (EXPLAIN A3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.charges.export_credit import NetRule, read_net, tiers_under
from billing.domain.charges.periods import PricedPeriod, check_periods, read_periods
from billing.domain.charges.tiers import TierRule, read_rule
from billing.domain.money import MICRO
from billing.domain.tariffs.hashed_once import HashedOnce, hash_once
from billing.domain.tariffs.json_place import Fields


@dataclass(frozen=True)
class EnergyCharge(HashedOnce):
    """registers: which label a register counts, by its name, where a meter has no intervals. share_ppm: so
    much of what is metered is charged, as sewerage is of water."""

    code: str
    periods: tuple[PricedPeriod, ...]
    kind: Literal["energy"] = "energy"
    tiers: TierRule | None = None
    net: NetRule | None = None
    registers: tuple[tuple[str, str], ...] = ()
    share_ppm: int = MICRO

    def __hash__(self) -> int:
        return hash_once(self)

    @classmethod
    def read(cls, fields: Fields, seasons: tuple[str, ...], has_holidays: bool) -> EnergyCharge:
        """Refuses a gap, an overlap, and one label with two prices in one season, each by place."""
        code = fields.code("code")
        items = fields.items("periods")
        rule = read_rule(fields.fields("tiers")) if fields.has("tiers") else None
        periods = read_periods(items, seasons, has_holidays, may_have_tiers=rule is not None)
        net = read_net(fields.fields("net")) if fields.has("net") else None
        registers = _read_registers(fields, periods) if fields.has("registers") else ()
        share = _read_share(fields, rule) if fields.has("share") else MICRO
        fields.finish()
        shared_caps = rule is not None and rule.fill != "each"
        check_periods(periods, fields.at("periods"), seasons, has_holidays, shared_caps=shared_caps)
        if net is not None:
            rule = tiers_under(net, rule, fields)
        return cls(code, periods, tiers=rule, net=net, registers=registers, share_ppm=share)


def _read_share(fields: Fields, rule: TierRule | None) -> int:
    share_micro = fields.micro("share", limit=100 * MICRO + 1)
    if share_micro <= 0 or share_micro % 100:
        fields.refuse("share", "expected more than 0 and at most 100 per cent, with at most four decimals")
    if rule is not None or fields.has("net"):
        fields.refuse("share", "a charge with tiers or net metering is of all that is metered")
    return share_micro // 100


def _read_registers(fields: Fields, periods: tuple[PricedPeriod, ...]) -> tuple[tuple[str, str], ...]:
    """The `registers` of an energy charge: each by its name, with a label of the charge."""
    labels = tuple(dict.fromkeys(period.label for period in periods))
    found: dict[str, str] = {}
    for value, place in fields.items("registers"):
        one = Fields(value, place)
        name = one.text("name")
        if name in found:
            one.refuse("name", f"'{name}' stands there twice")
        found[name] = one.one_of("label", labels)
        one.finish()
    return tuple(found.items())
