"""The standard load profiles of 2025, read as `demandlib` carries them.

BDEW (German association of energy and water industries), "Standardlastprofile Strom 2025": H25 households,
G25 businesses. demandlib is MIT licensed. Its data files are read here without importing it, since it needs
pandas, which neither the web process nor the clock has.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from meters.domain.decimals import IntArray, micro_of
from meters.domain.registers.standard_load import QUARTERS, StandardLoad

_DYNAMIC = {"h25", "p25", "s25"}
_MICRO_IN_MILLI = 1_000


@cache
def standard_load(name: str) -> StandardLoad:
    """A profile by its short name in lower case (h25, g25, l25, p25, s25)."""
    spec = find_spec("demandlib")
    assert spec is not None and spec.origin is not None, "demandlib is a requirement"
    path = Path(spec.origin).parent / "bdew" / "bdew_data" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    kinds, table = rows[1][1:], [[_milli(text) for text in row[1:]] for row in rows[2 : 2 + QUARTERS]]
    columns: list[IntArray] = list(np.array(table, dtype=np.int64).T)
    # Three columns a month, from January on.
    quarters = {(place // 3 + 1, kind): columns[place] for place, kind in enumerate(kinds)}
    return StandardLoad(quarters, dynamic=name in _DYNAMIC)


def household() -> StandardLoad:
    """How an average household uses its electricity."""
    return standard_load("h25")


def business() -> StandardLoad:
    """How an average business uses its electricity."""
    return standard_load("g25")


def _milli(text: str) -> int:
    micro = micro_of(text)
    assert isinstance(micro, int), text
    return micro // _MICRO_IN_MILLI
