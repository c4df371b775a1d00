"""Net metering: what was given back under a label is taken off what was used under it; what is left of it is
credit in kWh for the next month or bill (EXPLAIN A5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from billing.domain.charges.tiers import TierRule
from billing.domain.reckoning.days import MONTH_NAMES
from billing.domain.tariffs.json_place import Fields

NetBy = Literal["month", "bill"]
NetPays = Literal["credit", "surplus"]


@dataclass(frozen=True, slots=True)
class NetRule:
    """by: over what import and export are set off. year_ends: the month (1 to 12) at whose end credit ends,
    and is paid out at price_micro a kWh; 0: never. label: of that line.

    pays: what is left of each label, or what the whole year gave back beyond what it took (the net surplus of
    California's true-up, and NREL SAM's rule), whatever was billed by label.
    """

    by: NetBy
    year_ends: int = 0
    price_micro: int = 0
    label: str = ""
    pays: NetPays = "credit"


def read_net(fields: Fields) -> NetRule:
    """The `net` of an energy charge."""
    by = cast("NetBy", fields.one_of("by", ("month", "bill")))
    if not fields.has("year_ends"):
        for key in ("price", "label", "pays"):
            if fields.has(key):
                fields.refuse(
                    key, "credit is paid at the end of a year: say which month ends it, 'year_ends'"
                )
        fields.finish()
        return NetRule(by)
    month = MONTH_NAMES.index(fields.one_of("year_ends", MONTH_NAMES)) + 1
    price, label = fields.micro("price"), fields.text("label")
    if price < 0:
        fields.refuse("price", "what is paid for credit is not below 0")
    pays = fields.one_of("pays", ("credit", "surplus")) if fields.has("pays") else "credit"
    fields.finish()
    return NetRule(by, month, price, label, cast("NetPays", pays))


def tiers_under(net: NetRule, tiers: TierRule | None, fields: Fields) -> TierRule:
    """How tiers fill where energy is net; a charge without has one. Refuses what then has no meaning."""
    if tiers is None:
        return TierRule(by=net.by, fill="each")
    if tiers.by != net.by:
        fields.refuse("tiers", f"fill by the {tiers.by}, but import and export are set off by the {net.by}")
    if tiers.fill == "time":
        fields.refuse("tiers", "net energy has no order of time: fill them in 'proportion', or 'each'")
    if tiers.window_minutes:
        fields.refuse("tiers", "net energy has no tiers by the kW")
    return tiers
