"""Reasons as they are kept with a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredReason:
    """One reason: its group of facts, its percentage points, and the figures it is said with."""

    group: str
    points: float
    figures: Mapping[str, Any]


def reasons_of(stored: Sequence[Mapping[str, Any]]) -> tuple[StoredReason, ...]:
    """What stands in `churn_scores.reasons`."""
    return tuple(StoredReason(item["group"], item["points"], item["figures"]) for item in stored)
