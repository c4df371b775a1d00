"""Readings as rating takes them: one channel's energy on an even axis of instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array

BoolArray = npt.NDArray[np.bool_]


def _check_axis(starts_at: datetime, interval_minutes: int) -> None:
    if starts_at.utcoffset() != timedelta(0):
        raise ValueError("starts_at must be an aware datetime in UTC")
    if interval_minutes <= 0 or 1440 % interval_minutes:
        raise ValueError("interval_minutes must divide a day of 1,440 minutes")


def _check_export(found: Usage | UsageMatrix, export: Usage | UsageMatrix | None) -> None:
    if export is None:
        return
    if (export.starts_at, export.interval_minutes) != (found.starts_at, found.interval_minutes) or (
        export.micro_kwh.shape != found.micro_kwh.shape
    ):
        raise ValueError("import and export must share their axis")
    if export.micro_kwh.min(initial=0) < 0:
        raise ValueError("energy given back is not negative")


@dataclass(frozen=True, eq=False)
class Usage:
    """One channel. ``micro_kwh`` is int64 (intervals,), zero where ``missing``; a missing one is never use.

    starts_at: UTC instant of the first interval. missing, estimated: bool (intervals,).
    An estimated reading has a value; a missing one has none.
    export: the energy given back, on the same axis, none of it negative; None where there is no such channel.
    """

    starts_at: datetime
    interval_minutes: int
    micro_kwh: Int64Array
    missing: BoolArray
    estimated: BoolArray
    export: Usage | None = None

    def __post_init__(self) -> None:
        _check_axis(self.starts_at, self.interval_minutes)
        _check_export(self, self.export)
        if self.micro_kwh.dtype != np.int64 or self.micro_kwh.ndim != 1:
            raise ValueError("micro_kwh must be a flat int64 array")
        if self.missing.shape != self.micro_kwh.shape or self.estimated.shape != self.micro_kwh.shape:
            raise ValueError("missing and estimated must be as long as micro_kwh")
        if self.micro_kwh[self.missing].any():
            raise ValueError("a missing reading must hold zero")

    @classmethod
    def of(
        cls,
        starts_at: datetime,
        interval_minutes: int,
        micro_kwh: Int64Array,
        missing: BoolArray | None = None,
        estimated: BoolArray | None = None,
        export: Usage | None = None,
    ) -> Usage:
        """Masks default to all False; values under ``missing`` are set to zero; other zones become UTC."""
        values = np.array(micro_kwh, dtype=np.int64)
        absent = np.zeros(values.shape, dtype=bool) if missing is None else np.asarray(missing, dtype=bool)
        guessed = (
            np.zeros(values.shape, dtype=bool) if estimated is None else np.asarray(estimated, dtype=bool)
        )
        values[absent] = 0
        return cls(starts_at.astimezone(UTC), interval_minutes, values, absent, guessed & ~absent, export)

    @property
    def ends_before(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.interval_minutes * self.micro_kwh.size)

    def between(self, starts_at: datetime, ends_before: datetime) -> Usage:
        """The readings that begin in [starts_at, ends_before), of those that are here; without export."""
        step = timedelta(minutes=self.interval_minutes)
        begin = max(0, -((self.starts_at - starts_at) // step))
        end = min(self.micro_kwh.size, -((self.starts_at - ends_before) // step))
        chosen = slice(begin, max(begin, end))
        return Usage(
            self.starts_at + begin * step,
            self.interval_minutes,
            self.micro_kwh[chosen],
            self.missing[chosen],
            self.estimated[chosen],
        )


def laid_on(found: Usage, starts_at: datetime, interval_minutes: int, size: int) -> Usage | None:
    """The same readings over another time, missing where they were not read; None where
    the intervals differ."""
    before, apart = divmod(found.starts_at - starts_at, timedelta(minutes=interval_minutes))
    if apart or found.interval_minutes != interval_minutes:
        return None
    values, missing = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
    estimated = np.zeros(size, dtype=bool)
    begin, end = max(0, before), min(size, before + found.micro_kwh.size)
    if end > begin:
        theirs = slice(begin - before, end - before)
        values[begin:end] = found.micro_kwh[theirs]
        missing[begin:end], estimated[begin:end] = found.missing[theirs], found.estimated[theirs]
    return Usage(starts_at, interval_minutes, values, missing, estimated)


@dataclass(frozen=True, eq=False)
class UsageMatrix:
    """Several customers on one axis. micro_kwh: int64 (customers, intervals), zero where missing.

    missing, estimated: bool of the same shape, or None for "none of them".
    export: the energy given back, on the same axis, none of it negative; None where nobody has one.
    """

    starts_at: datetime
    interval_minutes: int
    micro_kwh: Int64Array
    missing: BoolArray | None = None
    estimated: BoolArray | None = None
    export: UsageMatrix | None = None

    def __post_init__(self) -> None:
        _check_axis(self.starts_at, self.interval_minutes)
        _check_export(self, self.export)
        if self.micro_kwh.dtype != np.int64 or self.micro_kwh.ndim != 2:
            raise ValueError("micro_kwh must be int64 (customers, intervals)")
        for mask in (self.missing, self.estimated):
            if mask is not None and mask.shape != self.micro_kwh.shape:
                raise ValueError("a mask must have the shape of micro_kwh")

    @cached_property
    def span_micro_kwh(self) -> tuple[int, int]:
        """The lowest reading and the highest; two zeros where there is none."""
        if not self.micro_kwh.size:
            return 0, 0
        return int(self.micro_kwh.min()), int(self.micro_kwh.max())

    def rows(self, chosen: Sequence[int]) -> UsageMatrix:
        """Some of the customers, in the order given."""
        places = list(chosen)
        return UsageMatrix(
            self.starts_at,
            self.interval_minutes,
            self.micro_kwh[places],
            None if self.missing is None else self.missing[places],
            None if self.estimated is None else self.estimated[places],
            None if self.export is None else self.export.rows(places),
        )

    @classmethod
    def of(cls, usages: Sequence[Usage]) -> UsageMatrix:
        """Stack usages that share start, interval and length. ValueError when they do not."""
        first = usages[0]
        for usage in usages:
            same = (usage.starts_at, usage.interval_minutes, usage.micro_kwh.size)
            if same != (first.starts_at, first.interval_minutes, first.micro_kwh.size):
                raise ValueError("usages of one matrix must share their axis")
        exports = [usage.export for usage in usages]
        given = None
        if any(export is not None for export in exports):
            nothing = cls._nothing_given(first)
            given = cls.of([nothing if export is None else export for export in exports])
        if len(usages) == 1:
            return cls(
                first.starts_at,
                first.interval_minutes,
                first.micro_kwh[None, :],
                first.missing[None, :],
                first.estimated[None, :],
                given,
            )
        return cls(
            first.starts_at,
            first.interval_minutes,
            np.stack([usage.micro_kwh for usage in usages]),
            np.stack([usage.missing for usage in usages]),
            np.stack([usage.estimated for usage in usages]),
            given,
        )

    @staticmethod
    def _nothing_given(usage: Usage) -> Usage:
        """Of a customer without an export channel among others who have one."""
        return Usage.of(usage.starts_at, usage.interval_minutes, np.zeros_like(usage.micro_kwh))
