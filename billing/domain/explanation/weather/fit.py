"""Daily kWh as a base, free days, day length, and degrees below and above balance points (EXPLAIN B6).

The change-point models of daily energy and temperature are those of ASHRAE's Inverse Modeling Toolkit
(Kissock, Haberl and Claridge, ASHRAE RP-1050, 2003), here with day length beside them: without it a dark
season passes for a cold one. Least squares over a grid of balance points at once: each candidate is freed of
the base by projection (Frisch and Waugh, 1933), so that its gain is one product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from billing.domain.explanation.weather.record import DailyRecord, Floats

Kind = Literal["none", "heating", "cooling", "both"]
KINDS: tuple[Kind, ...] = ("none", "heating", "cooling", "both")
HEATING_CELSIUS = np.arange(8.0, 19.01, 0.5)
COOLING_CELSIUS = np.arange(17.0, 25.01, 1.0)
LEAST_APART = 2.0
"""Degrees from the balance point of heating to that of cooling."""
LEAST_BEYOND = 20
"""Days beyond a balance point, or its slope is a few days' chance."""
BASE_TERMS = 3
_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Sample:
    """The days of a record that can be fitted. kwh: (n,); base: (n, 3); heat: (n, 23) and cool: (n, 9),
    degrees beyond each balance point; week: (n,), weeks from the first."""

    kwh: Floats
    base: Floats
    heat: Floats
    cool: Floats
    celsius: Floats
    week: npt.NDArray[np.int64]

    @classmethod
    def of(cls, record: DailyRecord) -> Sample:
        known = np.flatnonzero(~(np.isnan(record.kwh) | np.isnan(record.celsius)))
        daylight, celsius = record.daylight[known], record.celsius[known]
        # Centred, so that the base stays well conditioned where days are almost equally long.
        centred = daylight - (daylight.mean() if known.size else 0)
        base = np.column_stack((np.ones(known.size), record.free[known], centred))
        return cls(
            record.kwh[known],
            base,
            np.maximum(0, HEATING_CELSIUS - celsius[:, None]),
            np.maximum(0, celsius[:, None] - COOLING_CELSIUS),
            celsius,
            known // 7,
        )

    @property
    def days(self) -> int:
        return int(self.kwh.size)

    def only(self, chosen: npt.NDArray[np.bool_]) -> Sample:
        return Sample(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def terms(self, heat: int | None, cool: int | None) -> Floats:
        """Degrees beyond the chosen balance points, (n, 0 to 2)."""
        columns = [] if heat is None else [self.heat[:, heat]]
        columns += [] if cool is None else [self.cool[:, cool]]
        return np.column_stack(columns) if columns else np.empty((self.days, 0))


@dataclass(frozen=True, eq=False)
class Model:
    """heat, cool: places in the grids of balance points; slopes: kWh a degree-day, heating first."""

    kind: Kind
    heat: int | None
    cool: int | None
    base: Floats
    slopes: Floats
    squares: float

    @property
    def parameters(self) -> int:
        """Slope and balance point each count."""
        return BASE_TERMS + 2 * len(self.slopes)

    def bic(self, days: int) -> float:
        """Bayesian information criterion (Schwarz, 1978)."""
        return float(days * np.log(max(self.squares, _NOTHING) / days) + self.parameters * np.log(days))

    def predicted(self, sample: Sample) -> Floats:
        kwh: Floats = sample.base @ self.base + sample.terms(self.heat, self.cool) @ self.slopes
        return kwh


def best_models(sample: Sample, kinds: tuple[Kind, ...] = KINDS) -> dict[Kind, Model]:
    """The best balance points of each kind; kinds that no candidate satisfies are left out."""
    basis, _ = np.linalg.qr(sample.base)

    def freed(columns: Floats) -> Floats:
        left: Floats = columns - basis @ (basis.T @ columns)
        return left

    kwh, heat, cool = freed(sample.kwh), freed(sample.heat), freed(sample.cool)
    total = float(kwh @ kwh)
    found: dict[Kind, Model] = {}
    if "none" in kinds:
        found["none"] = _model(sample, "none", None, None, np.empty(0), total)
    if "heating" in kinds:
        at, slope, gain = _single(heat, sample.heat, kwh)
        if gain > 0:
            found["heating"] = _model(sample, "heating", at, None, slope, total - gain)
    if "cooling" in kinds:
        at, slope, gain = _single(cool, sample.cool, kwh)
        if gain > 0:
            found["cooling"] = _model(sample, "cooling", None, at, slope, total - gain)
    if "both" in kinds:
        at_heat, at_cool, both, gain = _pair(heat, cool, sample, kwh)
        if gain > 0:
            found["both"] = _model(sample, "both", at_heat, at_cool, both, total - gain)
    return found


def _model(
    sample: Sample, kind: Kind, heat: int | None, cool: int | None, slopes: Floats, squares: float
) -> Model:
    left = sample.kwh - sample.terms(heat, cool) @ slopes
    base: Floats = np.linalg.lstsq(sample.base, left, rcond=None)[0].astype(np.float64)
    return Model(kind, heat, cool, base, slopes, max(0.0, squares))


def _single(columns: Floats, degrees: Floats, kwh: Floats) -> tuple[int, Floats, float]:
    """The best balance point alone: its place, slope and gain; gain 0 where none is allowed."""
    product, size = columns.T @ kwh, (columns * columns).sum(axis=0)
    allowed = ((degrees > 0).sum(axis=0) >= LEAST_BEYOND) & (size > _NOTHING) & (product > 0)
    slopes = np.divide(product, size, out=np.zeros_like(product), where=allowed)
    gains = slopes * product
    at = int(np.argmax(gains))
    return at, slopes[at : at + 1], float(gains[at])


def _pair(heat: Floats, cool: Floats, sample: Sample, kwh: Floats) -> tuple[int, int, Floats, float]:
    """The best two balance points together: their places, slopes and gain."""
    a, c = (heat * heat).sum(axis=0)[:, None], (cool * cool).sum(axis=0)[None, :]
    b = heat.T @ cool
    of_heat, of_cool = (heat.T @ kwh)[:, None], (cool.T @ kwh)[None, :]
    determinant = a * c - b * b
    safe = determinant > _NOTHING * np.maximum(a * c, _NOTHING)
    divisor = np.where(safe, determinant, 1.0)
    slope_heat, slope_cool = (c * of_heat - b * of_cool) / divisor, (a * of_cool - b * of_heat) / divisor
    beyond = ((sample.heat > 0).sum(axis=0) >= LEAST_BEYOND)[:, None] & (
        (sample.cool > 0).sum(axis=0) >= LEAST_BEYOND
    )
    apart = COOLING_CELSIUS[None, :] - HEATING_CELSIUS[:, None] >= LEAST_APART
    allowed = safe & beyond & apart & (slope_heat > 0) & (slope_cool > 0)
    gains = np.where(allowed, slope_heat * of_heat + slope_cool * of_cool, 0.0)
    at_heat, at_cool = (int(place) for place in np.unravel_index(int(np.argmax(gains)), gains.shape))
    slopes = np.array([slope_heat[at_heat, at_cool], slope_cool[at_heat, at_cool]])
    return at_heat, at_cool, slopes, float(gains[at_heat, at_cool])
