"""A series of energy prices over time, as rating takes it: given with a tariff, hashed once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256

import numpy as np

from billing.domain.charges.dynamic import DynamicTerms
from billing.domain.money import Int64Array
from billing.domain.reckoning.axis import epoch_minute
from billing.domain.reckoning.usage import BoolArray


@dataclass(frozen=True, eq=False)
class PriceSeries:
    """price_micro: int64 (intervals,), millionths of the tariff's currency a kWh, zero where missing.

    starts_at: UTC instant of the first interval; a price holds for interval_minutes. missing: bool of that
    length. Series of the same content are equal.
    """

    name: str
    starts_at: datetime
    interval_minutes: int
    price_micro: Int64Array
    missing: BoolArray

    def __post_init__(self) -> None:
        if self.starts_at.utcoffset() != timedelta(0):
            raise ValueError("starts_at must be an aware datetime in UTC")
        if self.interval_minutes <= 0 or 1440 % self.interval_minutes:
            raise ValueError("interval_minutes must divide a day of 1,440 minutes")
        if self.price_micro.dtype != np.int64 or self.price_micro.shape != self.missing.shape:
            raise ValueError("price_micro must be int64, as long as missing")
        if self.price_micro[self.missing].any():
            raise ValueError("a missing price must hold zero")

    @classmethod
    def of(
        cls,
        name: str,
        starts_at: datetime,
        interval_minutes: int,
        price_micro: Iterable[int] | Int64Array,
        missing: BoolArray | None = None,
    ) -> PriceSeries:
        """None missing by default; values under ``missing`` are set to zero; other zones become UTC."""
        values = np.array(price_micro, dtype=np.int64)
        absent = np.zeros(values.shape, dtype=bool) if missing is None else np.asarray(missing, dtype=bool)
        values[absent] = 0
        return cls(name, starts_at.astimezone(UTC), interval_minutes, values, absent)

    @cached_property
    def _digest(self) -> bytes:
        head = f"{self.name} {self.starts_at.isoformat()} {self.interval_minutes} ".encode()
        return sha256(head + self.price_micro.tobytes() + self.missing.tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PriceSeries) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    @property
    def ends_before(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.interval_minutes * self.price_micro.size)

    def places(self, minutes: Int64Array) -> Int64Array:
        """Index of the price that holds at each instant (epoch minutes), -1 where there is none."""
        places = (minutes - epoch_minute(self.starts_at)) // self.interval_minutes
        inside = (places >= 0) & (places < self.price_micro.size)
        found = np.where(inside, places, -1)
        found[inside] = np.where(self.missing[places[inside]], -1, places[inside])
        return found


@lru_cache(maxsize=128)
def applied_prices(series: PriceSeries, terms: DynamicTerms) -> Int64Array:
    """The series as a charge reads it, once for all who share both; see DynamicTerms.applied."""
    found = terms.applied(series.price_micro)
    found.flags.writeable = False
    return found
