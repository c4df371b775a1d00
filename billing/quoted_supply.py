"""What of a supply is told to a quote or a comparison beside its readings: its connection, and the channel of
reactive energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from billing.domain.charges.fixed import Each
from billing.domain.plans.reactive_by_day import reactive_by_day
from billing.domain.plans.supply_state import ReactiveUse, SupplyState
from billing.domain.reckoning.axis import axis_of, epoch_minute, instant_of
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.tariff import Tariff
from meters.domain.blocks import Block
from utility_crm.kit.errors import Refused

Connected = Mapping[Each, int]
"""Millionths of a kW or kVA."""
NO_CONNECTION: Connected = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ToldSupply:
    """reactive: readings of the channel of reactive energy, None where none is named or none is read.
    path: of the file, for refusals."""

    connected: Connected
    reactive: Usage | None = None
    channel: str = ""
    path: str = ""

    def state(self, period: Period, zone: str) -> SupplyState:
        """Of the days of the period. Raises Refused where reactive energy was not read in all of them."""
        connected = {each: np.array([micro], dtype=np.int64) for each, micro in self.connected.items()}
        found = None if self.reactive is None else self._reactive(self.reactive, period, zone)
        return SupplyState(connected_micro=connected, reactive=found)

    def _reactive(self, usage: Usage, period: Period, zone: str) -> ReactiveUse:
        found = reactive_by_day(usage, period, zone)
        if found is not None:
            return found
        first = epoch_minute(usage.starts_at)
        minutes = axis_of(zone, usage.interval_minutes, first, period).minutes
        place = (minutes - first) // usage.interval_minutes
        inside = (place >= 0) & (place < usage.missing.size)
        missing = ~inside
        missing[inside] = usage.missing[place[inside]]
        count, at = int(missing.sum()), instant_of(int(minutes[missing.argmax()]))
        words = (
            f"Channel {self.channel} has no reading of reactive energy for {at:%Y-%m-%d %H:%M} UTC "
            f"({count:,} missing from {period.starts_on} to before {period.ends_before}); it is not guessed."
        )
        raise Refused("reactive_missing", words, self.path)


def told_supply(
    tariff: Tariff, connected: Connected, path: str, reactive: Sequence[Block], usage: Usage | None
) -> tuple[ToldSupply, list[str]]:
    """And what is to be said of it. reactive: the named channel's days, of which usage is made; none: none is
    named. Raises Refused for a channel in another unit."""
    said = [
        f"The connection is given in {each}; this tariff has no price by it."
        for each in connected
        if not any(one.each == each for version in tariff.versions for one in version.fixed)
    ]
    if not reactive or usage is None:
        return ToldSupply(connected, path=path), said
    channel, unit = reactive[0].channel, reactive[0].unit
    if unit.declared is not None and unit.base != "kVArh":
        raise Refused("unit", f"Channel {channel} is in {unit.declared}; reactive energy is in kVArh.", path)
    if unit.declared is None:
        said.append(f"Channel {channel} names no unit; its values are taken as kVArh.")
    if not tariff.reads_reactive:
        said.append(f"Channel {channel} is reactive energy; this tariff does not price it.")
        return ToldSupply(connected, path=path), said
    return ToldSupply(connected, usage, channel, path), said
