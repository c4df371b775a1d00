"""Readings judged as they come in, in the transaction that wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
from psycopg.sql import SQL
from sqlalchemy.orm import Session

from meters.block_stream import BlockRows, stream_blocks
from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray, Days, Hits, days_of
from meters.domain.validation.overlap import overlap
from meters.domain.validation.quick import Channels, judged
from meters.domain.validation.rulebook import QUICK, RuleBook
from meters.domain.validation.runs import DayHit, day_hits
from meters.findings.facts import Facts, both, channel_facts
from meters.findings.present import present
from meters.findings.rules import configured_rules
from meters.findings.settling import Judged, settle
from meters.store import DayTable
from utility_crm.kit.driver import driver_cursor

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MOST_CHANNELS = 50_000
"""Whose facts are kept from one table of a feed to the next; a feed may have millions."""

_ANY = "select exists (select from block_history where replaced_by = %s)"

# The key of each day is named, so that the server goes through the index, whatever it thinks of a table that
# grew in this transaction.
_REPLACED = SQL("""
select asked.place - 1, 0::bigint, h.quality, h.micro, h.qualities
from unnest(%(channels)s::bigint[], %(days)s::date[]) with ordinality as asked(channel_id, day, place)
join block_history h on h.channel_id = asked.channel_id and h.day = asked.day and h.replaced_by = %(feed_id)s
where h.quality = 1 or 1 = any(h.qualities)
""")


class FeedJudge:
    """`FeedJudge()` is a `meters.store.Judge` for one feed: what it finds goes to the findings.

    It learns of each channel once, however many tables the feed has.
    """

    def __init__(self) -> None:
        self._book: RuleBook | None = None
        self._facts: Facts | None = None
        self._now = _EPOCH

    def __call__(self, session: Session, feed_id: int, table: DayTable) -> None:
        """Judge days just written; the caller holds their channels' locks."""
        if self._book is None:
            self._book = configured_rules(session)
            self._now = present(session)
        days = days_of(table.channel_id, table.day, table.micro, table.quality, table.codes)
        known = self._known(session, days)
        minute = int((self._now - _EPOCH) / timedelta(minutes=1))
        hits = judged(days, known, self._book, minute)
        hits["overlap"] = self._overlaps(session, feed_id, days, known)
        settle(
            session,
            Judged((*QUICK, "overlap"), days.channel_id, days.day),
            _named(days, hits),
            feed_id,
            self._now,
        )

    def _known(self, session: Session, days: Days) -> Channels:
        wanted = np.unique(days.channel_id)
        if self._facts is None or self._facts.channel_id.size > _MOST_CHANNELS:
            self._facts = channel_facts(session, wanted)
        elif not (there := self._facts.has(wanted)).all():
            self._facts = both(self._facts, channel_facts(session, wanted[~there]))
        return self._facts.of(days.channel_id, days.size)

    def _overlaps(self, session: Session, feed_id: int, days: Days, known: Channels) -> Hits:
        """Of days that the feed replaced: what was measured before, against what is now."""
        assert self._book is not None
        rows, before, measured = _replaced(session, feed_id, days)
        some = days_of(
            days.channel_id[rows],
            days.day[rows],
            days.micro[rows],
            days.quality[rows],
            None if days.codes is None else days.codes[rows],
        )
        segment = known.segment[rows]
        share = self._book.number("overlap", "percent")[segment] / 100
        off = ~self._book.enabled("overlap")[segment]
        measured[off] = False
        found = overlap(some, before, measured, share, self._book.micro("overlap", "kwh")[segment])
        return Hits(rows[found.rows], found.at, found.found, found.usual)


def _named(days: Days, hits: dict[str, Hits]) -> Iterator[tuple[str, int, int, DayHit]]:
    for rule, found in hits.items():
        for channel, day, hit in day_hits(days, found):
            yield rule, channel, day, hit


def _replaced(
    session: Session, feed_id: int, days: Days
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], IntArray, BoolArray]:
    """The rows of `days` that replaced measured readings, with those and where they were measured."""
    found = [rows for rows in _history(session, feed_id, days) if rows.micro.shape[1] == days.size]
    if not found:
        none = np.zeros((0, days.size), dtype=np.int64)
        return np.zeros(0, dtype=np.intp), none, none.astype(np.bool_)
    return (
        np.concatenate([rows.channel_id for rows in found]).astype(np.intp),
        np.concatenate([rows.micro for rows in found]),
        np.concatenate([rows.present & ~rows.estimated for rows in found]),
    )


def _history(session: Session, feed_id: int, days: Days) -> list[BlockRows]:
    """What a feed replaced of some days; the place among them stands as the channel."""
    with driver_cursor(session) as cursor:
        any_replaced = cursor.execute(_ANY, (feed_id,)).fetchone()
    if any_replaced is None or not any_replaced[0]:
        return []
    dates = [date.fromordinal(day) for day in days.day.tolist()]
    values = {"channels": days.channel_id.tolist(), "days": dates, "feed_id": feed_id}
    return stream_blocks(session, _REPLACED, values)
