"""`GET /live`: server-sent events for the pages of one person.

The stream asks who is there once, in a thread of its own request; then it holds neither a thread nor a
connection of the pool.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from utility_crm.live import draft_pages
from utility_crm.live.hub import Event, Hub, Stream
from utility_crm.web.visit import open_session, signed_in

router = APIRouter()
router.include_router(draft_pages.router)
BEAT_SECONDS: Final = 15.0
LISTENING_WITHIN_SECONDS: Final = 10.0
OUT_OF_ORDER: Final = 30
"""Numbers are given before transactions commit: so many before the last one a page heard of may be new to
it. It knows those it heard."""
_BEGUN = text("""
    select coalesce(max(id), 0), cast(extract(epoch from clock_timestamp()) * 1000 as bigint) from pushes
""")
_MISSED = text("""
    select id, kind, payload from pushes
    where :user = any(user_ids) and id > :since and at > now() - interval '1 minute'
      and at >= to_timestamp(:began / 1000.0)
    order by id
""")
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Begun:
    """Where a stream begins: the last number given, the database's time in ms, and what its page missed."""

    last: int
    at_ms: int
    missed: tuple[Event, ...]


@router.get("/live")
async def live(
    request: Request,
    since: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    began: Annotated[int, Query(ge=0, le=10**14)] = 0,
    last_event_id: Annotated[str, Header()] = "",
) -> Response:
    """What is pushed to whoever is signed in, until their session ends.

    since, or the header Last-Event-ID: the last event the page heard of; what came after it within a minute
    is told first. began: when the page first listened (ms), before which nothing is news to it. 401 where
    nobody is signed in, 204 where nothing can be heard.
    """
    user_id = await run_in_threadpool(_user_of, request)
    if user_id is None:
        return Response(status_code=401)
    hub: Hub = request.app.state.live
    if not hub.serving:
        return Response(status_code=204)
    heard = int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 19 else since
    stream = Stream(user_id, lambda session: _still(request, session, user_id))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    told = _told(request, hub, stream, heard, began)
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)


async def _told(request: Request, hub: Hub, stream: Stream, since: int, began: int) -> AsyncIterator[bytes]:
    with hub.opened(stream):
        if not await hub.heard(LISTENING_WITHIN_SECONDS):
            return
        begun = await run_in_threadpool(_begun, request, stream.user_id, since, began)
        yield _line("here", begun.last, {"at": begun.at_ms})
        known = set[int]()
        for event in begun.missed:
            known.add(event.id)
            yield _told_as(event)
        async for event_or_beat in _waiting(stream):
            if event_or_beat is None:
                yield b": beat\n\n"
            elif event_or_beat.id not in known:
                yield _told_as(event_or_beat)
        if stream.signed_out:
            yield _line("ended", begun.last, {})


async def _waiting(stream: Stream) -> AsyncIterator[Event | None]:
    """Events as they come, None for every BEAT_SECONDS without one."""
    while True:
        try:
            event = await asyncio.wait_for(stream.waiting.get(), BEAT_SECONDS)
        except TimeoutError:
            yield None
            continue
        if event is None:
            return
        yield event


def _told_as(event: Event) -> bytes:
    return _line("push", event.id, {"kind": event.kind, "payload": event.payload})


def _line(name: str, number: int, data: dict[str, Any]) -> bytes:
    """One event of the stream (HTML Standard, section 9.2.6): JSON has no line breaks."""
    return f"event: {name}\nid: {number}\ndata: {json.dumps(data)}\n\n".encode()


def _user_of(request: Request) -> int | None:
    with open_session(request) as session:
        user = signed_in(request, session)
    return user.id if user is not None and user.may("house.enter") else None


def _still(request: Request, session: Session, user_id: int) -> bool:
    user = signed_in(request, session)
    return user is not None and user.id == user_id


def _begun(request: Request, user_id: int, since: int, began: int) -> _Begun:
    with open_session(request) as session:
        last, at_ms = session.execute(_BEGUN).one()
        missed: Iterable[Any] = ()
        if since:
            given = {"user": user_id, "since": since - OUT_OF_ORDER, "began": began}
            missed = session.execute(_MISSED, given).all()
    return _Begun(last, at_ms, tuple(Event(*row) for row in missed))
