"""The readings of one service point as a file; those of many go by the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, Annotated, cast
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from meters.exporting import FIRST_DAY, LAST_DAY, Wanted, export
from meters.pages.uploading import own_name
from meters.writing.writers import writers
from utility_crm.kit.errors import Invalid
from utility_crm.web.visit import open_session, visit

router = APIRouter()
_IN_MEMORY = 2**23
_CHUNK = 2**16


@router.get("/feeds/export")
def export_file(
    request: Request,
    service_point: str,
    format_name: Annotated[str, Query(alias="format")] = "csv",
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
) -> Response:
    """A file of the days [from, to], written whole before a byte of it is sent."""
    with visit(request, "readings.export") as v:
        writer = writers().get(format_name)
        if writer is None:
            raise Invalid("unknown_format", f"{format_name!r} is none of {', '.join(writers())}.", "format")
        wanted = Wanted([service_point], _day(first, "from") or FIRST_DAY, _day(last, "to") or LAST_DAY)
        now = v.now
    made = cast("IO[bytes]", tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="utility-crm-export-"))  # noqa: SIM115
    with one_state(request) as session:  # after the visit has given its connection back
        export(session, writer, wanted, now, made)  # type: ignore[arg-type]
    length = made.tell()
    made.seek(0)
    name = quote(own_name(f"{service_point}{writer.suffix}"))
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Length": str(length),
    }
    return StreamingResponse(_chunks(made), media_type=writer.media_type, headers=headers)


@contextmanager
def one_state(request: Request) -> Iterator[Session]:
    """A session that sees the database as it is at its first question, whatever feeds arrive meanwhile. Where
    the application works within somebody's transaction it sees what that does."""
    with open_session(request) as session:
        if isinstance(request.app.state.engine, Engine):
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _chunks(made: IO[bytes]) -> Iterator[bytes]:
    with made:
        while chunk := made.read(_CHUNK):
            yield chunk


def _day(words: str, field: str) -> date | None:
    try:
        return date.fromisoformat(words) if words else None
    except ValueError as error:
        raise Invalid("bad_day", f"{words[:20]!r} is no day like 2026-11-19.", field) from error
