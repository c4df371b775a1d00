"""Taking a feed in. Actions never commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.asking import Asked
from meters.feeds.reading import FeedFile, read_feed
from meters.findings.judging import FeedJudge
from meters.standard_time import StandardTimes
from meters.store import Judge, Stored, store_blocks
from meters.tables import Feed
from meters.usage import enter_readings
from utility_crm.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class TakenFeed:
    """What became of a file. status: ok, partial, rejected or unchanged; `before` is when the very same file
    was taken, None if it never was. `feed_id` is None where there is no feed: the file could not be read."""

    feed_id: int | None
    status: str
    readings: int
    blocks_added: int
    blocks_changed: int
    blocks_unchanged: int
    problems: Sequence[dict[str, Any]]
    before: datetime | None = None

    def document(self, path: str) -> dict[str, Any]:
        """The promised shape."""
        return {
            "path": path,
            "feed_id": self.feed_id,
            "status": self.status,
            "readings": self.readings,
            "blocks_added": self.blocks_added,
            "blocks_changed": self.blocks_changed,
            "blocks_unchanged": self.blocks_unchanged,
            "problems": list(self.problems),
        }


def ingest(
    session: Session,
    path: Path,
    how: Asked | None = None,
    user_id: int | None = None,
    judge: Judge | None = None,
) -> TakenFeed:
    """Take the file at `path` in, whole or in part, and record it under its own name; a refused one is
    recorded too.

    The very same file, read the same way, is known by its hash and changes nothing, even where a later feed
    has corrected its readings since. Another file that brings nothing new is `unchanged` as well. The feed is
    stamped by the database's clock as its readings become known (see `meters.usage.enter_readings`). `judge`
    is handed every day that came new or changed: by default the rules (`meters.findings`). Raises Invalid
    where the path cannot be read.
    """
    how = how or Asked()
    try:
        digest = _digest(path)
        earlier = _taken_before(session, digest, how, path.stem)
        if earlier is not None:
            return _repeated(session, path, earlier, user_id)
        file = read_feed(path, how.format_name, how.read_options(StandardTimes(session)))
    except OSError as error:
        raise Invalid("unreadable", f"The file cannot be read: {error.strerror}.", str(path)) from error
    received_at = enter_readings(session)
    feed_id = _next_feed_id(session)
    stored = store_blocks(session, feed_id, received_at, file.blocks, judge or FeedJudge())
    taken = _became(feed_id, file, stored)
    options = how.document()
    if any(block.service_point == path.stem for block in file.blocks):
        options["stem"] = path.stem  # the file's name is a part of what it says
    _record(session, taken, path, digest, received_at, user_id, format=file.format, options=options)
    return taken


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _taken_before(session: Session, digest: str, how: Asked, stem: str) -> Feed | None:
    """The feed that took this file, read this way, first; a refused one took nothing."""
    same = select(Feed).where(Feed.sha256 == digest, Feed.status != "rejected", Feed.repeat_of.is_(None))
    for feed in session.scalars(same.order_by(Feed.received_at)):
        if feed.options in (how.document(), how.document() | {"stem": stem}):
            return feed
    return None


def _repeated(session: Session, path: Path, earlier: Feed, user_id: int | None) -> TakenFeed:
    received_at = enter_readings(session)
    blocks = earlier.blocks_added + earlier.blocks_changed + earlier.blocks_unchanged
    feed_id = _next_feed_id(session)
    taken = TakenFeed(
        feed_id, "unchanged", earlier.readings, 0, 0, blocks, earlier.problems, earlier.received_at
    )
    known = {"format": earlier.format, "options": earlier.options, "repeat_of": earlier.id}
    _record(session, taken, path, earlier.sha256, received_at, user_id, **known)
    return taken


def _became(feed_id: int, file: FeedFile, stored: Stored) -> TakenFeed:
    problems = [problem.document() for problem in (*file.problems, *stored.problems)]
    blocks = stored.added + stored.changed + stored.unchanged
    if not blocks:
        status = "rejected"
    elif problems:
        status = "partial"
    else:
        status = "unchanged" if stored.unchanged == blocks else "ok"
    return TakenFeed(
        feed_id, status, stored.readings, stored.added, stored.changed, stored.unchanged, problems
    )


def _next_feed_id(session: Session) -> int:
    feed_id = session.scalar(text("select nextval(pg_get_serial_sequence('feeds', 'id'))"))
    assert isinstance(feed_id, int)
    return feed_id


def _record(
    session: Session,
    taken: TakenFeed,
    path: Path,
    digest: str,
    received_at: datetime,
    user_id: int | None,
    **more: Any,
) -> None:
    values = {
        "id": taken.feed_id,
        "name": path.name,
        "sha256": digest,
        "status": taken.status,
        "received_at": received_at,
        "readings": taken.readings,
        "blocks_added": taken.blocks_added,
        "blocks_changed": taken.blocks_changed,
        "blocks_unchanged": taken.blocks_unchanged,
        "problems": list(taken.problems),
        "user_id": user_id,
    }
    session.execute(insert(Feed).values(values | more))
