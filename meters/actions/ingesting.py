"""Taking a feed in. Actions never commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from psycopg.errors import DeadlockDetected
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from meters.asking import Asked
from meters.domain.accumulated import Consumption
from meters.feeds.format import Item
from meters.feeds.problem_list import ProblemList
from meters.feeds.reading import FeedFile, read_feed, read_items
from meters.file_names import readable
from meters.findings.judging import FeedJudge
from meters.registers.storing import StoredAccumulated, store_accumulated
from meters.standard_time import StandardTimes
from meters.store import Judge, Stored, lock_feed, store_feed
from meters.store.keeping import DROPPED
from meters.tables import Feed
from meters.usage import enter_readings
from utility_crm.announcing.telling import announce
from utility_crm.kit.errors import Invalid
from utility_crm.kit.installation import noted

Watch = Callable[[Literal["read", "store"], int, int], None]
"""Told how many bytes of the path have been read, and of how many; then, how many of its days have been
stored, and of how many at most."""

_ATTEMPTS = 3
_READS = 7_302_002  # advisory lock of register reads


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
            "path": readable(path),
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
    watch: Watch | None = None,
) -> TakenFeed:
    """Take the file at `path` in, whole or in part, and record it under its own name; a refused one is
    recorded too.

    The very same file, read the same way, is known by its hash and changes nothing, even where a later feed
    has corrected its readings since. Another file that brings nothing new is `unchanged` as well. The feed is
    stamped by the database's clock as its readings become known (see `meters.usage.enter_readings`). `judge`
    is handed every day that came new or changed: by default the rules (`meters.findings`). `watch` is told
    how far it is. Memory is bounded, whatever the file. Raises Invalid where the path cannot be read.
    """
    how = how or Asked()
    stem = readable(path.stem)
    try:
        digest = _digest(path)
        earlier = _taken_before(session, digest, how, stem)
        if earlier is not None:
            return _repeated(session, path, earlier, user_id)
        options = how.read_options(StandardTimes(session))
        file = read_feed(path, how.format_name, options, _counted(watch, "read", path.stat().st_size))
    except OSError as error:
        raise Invalid("unreadable", f"The file cannot be read: {error.strerror}.", str(path)) from error
    told = how.document()
    if file.named_by_path:
        told["stem"] = stem  # the file's name is a part of what it says
    received_at, taken = _stored(session, file, judge, watch)
    more = {"format": file.format, "options": told, "members": list(file.members)}
    _record(session, taken, readable(path.name), digest, received_at, user_id, **more)
    return taken


def ingest_items(
    session: Session,
    items: Iterable[Item],
    *,
    name: str,
    digest: str,
    format_name: str,
    source: Literal["file", "push"] = "push",
    user_id: int | None = None,
    judge: Judge | None = None,
) -> TakenFeed:
    """Take in what did not come as a file, a batch that was pushed: as `ingest` does, over the same way in.

    `name` is what the feed is called, `digest` the SHA-256 of what came; whether it was taken before is the
    caller's to know (an idempotency key). Days that are said in part are laid over the days known.
    """
    received_at, taken = _stored(session, read_items(name, format_name, items), judge, None)
    more = {"format": format_name, "source": source}
    _record(session, taken, name, digest, received_at, user_id, **more)
    return taken


def _stored(
    session: Session, file: FeedFile, judge: Judge | None, watch: Watch | None
) -> tuple[datetime, TakenFeed]:
    """Store a file under a number of its own; and when its readings became known.

    Feeds wait for each other in one order. What else works on the tables (TimescaleDB's compression) does not
    keep to it: where the server has to end such an embrace at our cost, the file, which is read already, is
    stored again from the start.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with session.begin_nested():
                return _stored_once(session, file, judge or FeedJudge(), watch)
        except (DeadlockDetected, OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            if attempt == _ATTEMPTS - 1 or not isinstance(cause, DeadlockDetected):
                raise
    raise AssertionError("the last attempt returns or raises")


def _stored_once(
    session: Session, file: FeedFile, judge: Judge, watch: Watch | None
) -> tuple[datetime, TakenFeed]:
    refusing = lock_feed(session, file, enter_readings(session))
    received_at = enter_readings(session)  # after the wait for others: stamps are in the order of writing
    feed_id = _next_feed_id(session)
    if refusing is not None:
        nothing = Stored(0, 0, 0, 0, (refusing,))
        return received_at, _became(feed_id, file, nothing, StoredAccumulated(0, 0, 0, ()), 0)
    days = store_feed(session, feed_id, received_at, file, judge, _counted(watch, "store", file.rows))
    reads = _reads(session, feed_id, received_at, file)
    return received_at, _became(feed_id, file, days, reads.stored, days.readings + reads.periods)


def _counted(
    watch: Watch | None, stage: Literal["read", "store"], total: int
) -> Callable[[int], None] | None:
    return None if watch is None else lambda done: watch(stage, min(done, total), total)


@dataclass(frozen=True, slots=True)
class _Reads:
    """What became of reads and consumptions; `periods` counts the consumptions among those taken."""

    stored: StoredAccumulated
    periods: int


def _reads(session: Session, feed_id: int, received_at: datetime, file: FeedFile) -> _Reads:
    """Store reads and consumptions, some service points at a time. Their registers are locked by those who
    store them, so one feed at a time has any."""
    added, changed, unchanged, periods, problems = 0, 0, 0, 0, ProblemList()
    for turn, said in enumerate(file.accumulated_parts()):
        if not turn:
            session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _READS})
        items = [item for _order, _member, item in said]
        stored = store_accumulated(session, feed_id, received_at, items)
        added, changed = added + stored.added, changed + stored.changed
        unchanged += stored.unchanged
        periods += min(stored.taken, sum(isinstance(item, Consumption) for item in items))
        problems.extend(stored.problems)
    return _Reads(StoredAccumulated(added, changed, unchanged, problems.listed()), periods)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _taken_before(session: Session, digest: str, how: Asked, stem: str) -> Feed | None:
    """The feed that took this file, read this way, first; a refused one took nothing, and what one brought
    before old readings were let go of may not be there any more."""
    same = select(Feed).where(Feed.sha256 == digest, Feed.status != "rejected", Feed.repeat_of.is_(None))
    dropped = noted(session, DROPPED)
    if dropped is not None:
        same = same.where(Feed.received_at > datetime.fromisoformat(dropped["at"]))
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
    _record(session, taken, readable(path.name), earlier.sha256, received_at, user_id, **known)
    return taken


def _became(feed_id: int, file: FeedFile, days: Stored, reads: StoredAccumulated, readings: int) -> TakenFeed:
    problems = ProblemList()
    problems.extend((*file.problems, *days.problems, *reads.problems))
    if not (days.added or days.changed or days.unchanged or reads.taken):
        status = "rejected"
    elif problems:
        status = "partial"
    else:
        status = "ok" if days.added or days.changed or reads.added or reads.changed else "unchanged"
    return TakenFeed(
        feed_id,
        status,
        readings,
        days.added,
        days.changed,
        days.unchanged,
        [problem.document() for problem in problems.listed()],
    )


def _next_feed_id(session: Session) -> int:
    feed_id = session.scalar(text("select nextval(pg_get_serial_sequence('feeds', 'id'))"))
    assert isinstance(feed_id, int)
    return feed_id


def _record(
    session: Session,
    taken: TakenFeed,
    name: str,
    digest: str,
    received_at: datetime,
    user_id: int | None,
    **more: Any,
) -> None:
    values = {
        "id": taken.feed_id,
        "name": name,
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
    told = {name: values[name] for name in ("status", "readings", "blocks_added", "blocks_changed")}
    told |= {"feed": taken.feed_id, "problems": len(taken.problems)}
    announce(session, "feed.taken", received_at, told)
