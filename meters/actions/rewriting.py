"""Readings written by people and rules: edits and estimates. Actions never commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.domain.blocks import Block
from meters.store import Judge, store_blocks
from meters.tables import Feed
from meters.usage import enter_readings
from utility_crm.kit.errors import Invalid

Source = Literal["edit", "estimate"]


def write_readings(
    session: Session,
    source: Source,
    blocks: Sequence[Block],
    user_id: int | None,
    reason: str,
    rule: str | None = None,
    judge: Judge | None = None,
) -> int:
    """Write days over what is known of them, as a feed of its own, and return that feed's id.

    Blocks are as a reader yields them, at most one for a channel's day: one that does not `replace` changes
    the intervals it has readings for and leaves the others; to take a reading away, write the whole day with
    a hole. What they replace goes to the history with this feed, so usage as known before, the way back from
    a reading to author, rule and reason, and the next file that corrects it are as with any feed. `rule`
    names how the values were found (None: by hand). The feed is stamped by the database's clock. Raises
    Invalid, with the first problem, where any of it cannot be stored; nothing is written then.
    """
    if not blocks:
        raise Invalid("no_readings", "There is nothing to write.")
    with session.begin_nested():
        received_at = enter_readings(session)
        feed_id = session.scalar(text("select nextval(pg_get_serial_sequence('feeds', 'id'))"))
        assert isinstance(feed_id, int)
        stored = store_blocks(session, feed_id, received_at, blocks, judge, decides=True)
        if stored.problems:
            raise Invalid(stored.problems[0].code, stored.problems[0].message)
        values = {
            "id": feed_id,
            "name": rule or source,
            "sha256": _digest(blocks),
            "status": "ok" if stored.added or stored.changed else "unchanged",
            "received_at": received_at,
            "readings": stored.readings,
            "blocks_added": stored.added,
            "blocks_changed": stored.changed,
            "blocks_unchanged": stored.unchanged,
            "user_id": user_id,
            "source": source,
            "rule": rule,
            "reason": reason,
        }
        session.execute(insert(Feed).values(values))
    return feed_id


def _digest(blocks: Sequence[Block]) -> str:
    """Of what was written; no file has it."""
    digest = hashlib.sha256(b"written")
    for block in blocks:
        digest.update(repr((block.key, block.interval_minutes)).encode())
        digest.update(block.values.tobytes() + block.qualities().tobytes())
    return digest.hexdigest()
