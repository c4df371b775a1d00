"""The days of a finding as its row keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from meters.domain.validation.runs import DayHit, Doubted


def as_document(days: Doubted) -> dict[str, Any]:
    """`{"days": {"2026-11-19": {"of": 48, "at": [[6, 7]], "found": 12400000, "usual": 2100000}}}`."""
    return {"days": {date.fromordinal(day).isoformat(): _hit(days[day]) for day in sorted(days)}}


def _hit(hit: DayHit) -> dict[str, Any]:
    at = [list(span) for span in hit.at]
    return {"of": hit.size, "at": at, "found": hit.found, "usual": hit.usual}


def from_document(detail: Mapping[str, Any]) -> dict[int, DayHit]:
    """The other way round."""
    return {
        date.fromisoformat(day).toordinal(): DayHit(
            hit["of"], tuple((first, end) for first, end in hit["at"]), hit["found"], hit["usual"]
        )
        for day, hit in detail["days"].items()
    }
