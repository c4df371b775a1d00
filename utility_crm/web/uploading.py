"""Files that a browser sends: who sends them, and how much, is asked before their body is taken."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import Request, UploadFile
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile as Uploaded
from starlette.responses import Response

from utility_crm.kit.errors import Invalid, Refused
from utility_crm.web.visit import admitted, open_session, present

MOST_MEGABYTES = 256
"""Of all files of one form. The whole body comes to disk before a route sees it."""

WORDS_FOR_TOO_MUCH = sys.maxsize
"""The `max_body_size` of a router of guarded routes: these refuse too much themselves, in words that help."""

_MOST_BYTES = MOST_MEGABYTES * 2**20
_LONGEST_NAME = 180
_HANDLER = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedUpload(APIRoute):
    """A route that looks at the head of a request before its body is taken: who sends it, and how much.

    Who may send is asked in full (the role, a password changed since, who has left), not only whether the
    cookie is ours: a body of any size comes to disk. by_command: how larger files go.
    """

    permission = "house.enter"
    by_command = ""

    def get_route_handler(self) -> _HANDLER:
        """The usual handler behind the two questions."""
        usual = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await run_in_threadpool(self._ask_who, request)
            length = request.headers.get("content-length")
            if length is None:  # sent in pieces, whose number nobody can know
                raise Invalid("no_length", "This form does not say how long it is. Nothing was taken.")
            if int(length) > _MOST_BYTES:
                raise Refused(
                    "too_large",
                    f"These files are larger than {MOST_MEGABYTES} MB together. Nothing was taken; larger "
                    f"ones go by the command line: {self.by_command}.",
                )
            return await usual(request)

        return guarded

    def _ask_who(self, request: Request) -> None:
        """Raises SignInNeeded or WrongRole."""
        with open_session(request) as session:
            admitted(request, session, self.permission, present())


@contextmanager
def put_down(upload: UploadFile | Uploaded) -> Iterator[Path]:
    """The file on disk while the block lasts, under the name it had: what it is about may be in its name."""
    with tempfile.TemporaryDirectory(prefix="utility-crm-upload-") as folder:
        path = Path(folder) / own_name(upload.filename or "")
        with path.open("wb") as opened:
            shutil.copyfileobj(upload.file, opened, 2**20)
        yield path


def own_name(filename: str) -> str:
    """The last part of what a browser calls a file, fit for this machine's disk."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    while len(kept.encode()) > _LONGEST_NAME:
        kept = kept[1:]
    return kept if kept.strip(".") else "upload"
