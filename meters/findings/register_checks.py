"""sum_check: the days between two reads of a register against what it counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from meters.domain.validation.quick import Channels
from meters.domain.validation.rulebook import RuleBook
from meters.domain.validation.runs import DayHit
from meters.domain.validation.sum_check import sum_check
from meters.findings.register_sums import Counted, register_sums
from meters.findings.settling import Judged
from meters.findings.windows import Window

_EPOCH_ORDINAL = 719_163


def register_hits(
    session: Session, window: Window, channels: Channels, book: RuleBook
) -> tuple[Judged, list[tuple[str, int, int, DayHit]]]:
    """The spans between reads that lie in the window whole; a span with a hole is not judged. A span's days
    are those that lie in it from midnight to midnight, all of them with the span's two sums."""
    begins = _instant(window, int(window.days[0]))
    ends = _instant(window, int(window.days[-1]) + 1)
    rows = {channel: row for row, channel in enumerate(window.channel_id.tolist())}
    counted = [
        one
        for one in register_sums(session, list(rows), begins, ends)
        if one.starts_at >= begins and one.ends_before <= ends and _on_grid(window, begins, one)
    ]
    flat = window.micro.reshape(window.micro.shape[0], -1)
    holes = window.missing.reshape(flat.shape)
    judged_channels, judged_days = list[int](), list[int]()
    hits: list[tuple[str, int, int, DayHit]] = []
    for one in counted:
        row = rows[one.channel_id]
        segment = channels.segment[row]
        first, end = (_place(window, begins, at) for at in (one.starts_at, one.ends_before))
        total, whole = int(flat[row, first:end].sum()), not holes[row, first:end].any()
        share = float(book.number("sum_check", "percent")[segment]) / 100
        floor = int(book.micro("sum_check", "kwh")[segment])
        doubted = sum_check(np.array([total]), np.array([one.micro]), np.array([whole]), share, floor)[0]
        days = window.days[-(-first // window.size) : end // window.size].tolist()
        if not whole or not book.enabled("sum_check")[segment]:
            continue
        judged_channels += [one.channel_id] * len(days)
        judged_days += days
        if doubted:
            hit = DayHit(window.size, ((0, window.size),), total, one.micro)
            hits += [("sum_check", one.channel_id, day, hit) for day in days]
    judged = Judged(
        ("sum_check",), np.array(judged_channels, dtype=np.int64), np.array(judged_days, dtype=np.int64)
    )
    return judged, hits


def _instant(window: Window, day: int) -> datetime:
    minutes = (day - _EPOCH_ORDINAL) * 1440 - window.offset_minutes
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)


def _on_grid(window: Window, begins: datetime, one: Counted) -> bool:
    step = timedelta(minutes=window.interval_minutes)
    return all((at - begins) % step == timedelta(0) for at in (one.starts_at, one.ends_before))


def _place(window: Window, begins: datetime, at: datetime) -> int:
    return (at - begins) // timedelta(minutes=window.interval_minutes)
