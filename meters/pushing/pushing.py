"""Taking a pushed batch in, once a key. Never commits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Text, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from meters.actions.ingesting import TakenFeed, ingest_items
from meters.domain.problems import Problem
from meters.feeds.format import Item
from meters.pushing.batch import Entry, read_batch
from meters.pushing.days import ChannelKind, ChannelName, channel_of, items_of
from meters.standard_time import StandardTimes
from meters.tables import Channel, Feed, ServicePoint
from utility_crm.auth.tokens import Bearer
from utility_crm.auth.tokens_answers import Answer, answered_before, keep_answer
from utility_crm.kit.errors import Invalid

FORMAT = "push"
STATUS = {"ok": 200, "unchanged": 200, "partial": 207, "rejected": 422}
"""How each fate of a feed is answered."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A request to take readings in: from whom, under which key."""

    sender: Bearer
    key: str
    body: bytes

    @property
    def digest(self) -> str:
        return sha256(self.body).hexdigest()


def push_readings(session: Session, batch: Batch, now: datetime) -> Answer:
    """Take a batch in and say what became of it; the same key and body again gets the same answer, and does
    nothing. Two of one key wait for each other.

    A reading that cannot be taken leaves out its day of its channel, as in a file; the feed is named by its
    sender's token. Raises Conflict where the key was used for another body, and Invalid, its `where` a path
    into the body, where that is of no shape: nothing is taken then, and the key stays free.
    """
    before = answered_before(session, batch.sender.token_id, batch.key, batch.digest)
    if before is not None:
        return before
    entries = read_batch(batch.body)
    known = _known_kinds(session, entries)
    times = StandardTimes(session)
    times.foresee({entry.service_point for entry in entries})
    taken = _take(session, batch, items_of(entries, known, times))
    answer = Answer(STATUS[taken.status], json.dumps(document(taken, batch.key), ensure_ascii=False))
    keep_answer(session, batch.sender.token_id, batch.key, batch.digest, answer, now)
    return answer


def record_refusal(session: Session, batch: Batch, refused: Invalid) -> int | None:
    """Keep a batch of no shape among the feeds, with its reason, so that ops sees it; the feed's id."""
    problem = Problem(refused.code, refused.message, member=refused.where, refuses=True)
    return _take(session, batch, [problem]).feed_id


def document(taken: TakenFeed, key: str) -> dict[str, Any]:
    """What is answered: as `meters ingest` says it of a file, whose path is the key here; a problem's member
    is a path into the body."""
    said = taken.document(key)
    return {"idempotency_key": said.pop("path"), **said}


def _take(session: Session, batch: Batch, items: Iterable[Item]) -> TakenFeed:
    name = batch.sender.name
    taken = ingest_items(session, items, name=name, digest=batch.digest, format_name=FORMAT, source="push")
    told = {"token": batch.sender.token_id, "key": batch.key}
    session.execute(update(Feed).where(Feed.id == taken.feed_id).values(options=told))
    return taken


def _known_kinds(session: Session, entries: Sequence[Entry]) -> dict[ChannelName, ChannelKind]:
    """Unit and direction of the channels that entries do not say them of."""
    unsaid = {channel_of(entry) for entry in entries if entry.unit is None or entry.direction is None}
    if not unsaid:
        return {}
    codes = literal(sorted({point for point, _channel in unsaid}), ARRAY(Text()))
    points = select(ServicePoint.id).where(ServicePoint.code == any_(codes))
    ids = literal(list(session.scalars(points)), ARRAY(BigInteger()))
    rows = session.execute(
        select(ServicePoint.code, Channel.name, Channel.unit, Channel.direction)
        .join(ServicePoint, ServicePoint.id == Channel.service_point_id)
        .where(Channel.service_point_id == any_(ids))
    )
    return {(code, name): ChannelKind(unit, direction) for code, name, unit, direction in rows}
