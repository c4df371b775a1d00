"""Files that a browser sends: refused early where they may not come, and put down under their own names."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import File, Form, Request, UploadFile
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from meters.asking import Asked, asked
from utility_crm.kit.errors import Invalid, Refused
from utility_crm.web.visit import admitted, open_session, present
from utility_crm.web.words import mark

MOST_MEGABYTES = 256
"""Of all files of one form. The whole body comes to disk before a route sees it."""

WORDS_FOR_TOO_MUCH = sys.maxsize
"""The `max_body_size` of a router of UploadRoutes: these refuse too much themselves, in words that help."""

_MOST_BYTES = MOST_MEGABYTES * 2**20
_LONGEST_NAME = 180
_HANDLER = Callable[[Request], Coroutine[Any, Any, Response]]


class UploadRoute(APIRoute):
    """A route that looks at the head of a request before its body is taken: who sends it, and how much.

    Who may send is asked in full (the role, a password changed since, who has left), not only whether the
    cookie is ours: a body of any size comes to disk.
    """

    permission = "feeds.run"

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
                    "ones go by the command line: utility-crm meters ingest.",
                )
            return await usual(request)

        return guarded

    def _ask_who(self, request: Request) -> None:
        """Raises SignInNeeded or WrongRole."""
        with open_session(request) as session:
            admitted(request, session, self.permission, present())


@dataclass(frozen=True, slots=True)
class SentForm:
    """Files, and how a person says that they are to be read: besides what a saved `profile` says, and to be
    saved as another (both empty: none)."""

    files: tuple[UploadFile, ...]
    given: dict[str, str]

    @property
    def profile(self) -> str:
        return self.given["profile"].strip()

    @property
    def save_as(self) -> str:
        return self.given["save_as"].strip()

    def asked(self) -> Asked:
        """Raises Invalid, whose `where` is the field that is wrong."""
        told = asked(*(self.given[name].strip() for name in ("format_name", "columns", "timezone", "sheet")))
        if not self.files:
            raise Invalid("no_file", mark("Choose a file first."), "files")
        return told


async def sent_form(
    files: Annotated[list[UploadFile], File(default_factory=list)],
    format_name: Annotated[str, Form()] = "auto",
    columns: Annotated[str, Form()] = "",
    timezone: Annotated[str, Form()] = "",
    sheet: Annotated[str, Form()] = "",
    profile: Annotated[str, Form()] = "",
    save_as: Annotated[str, Form()] = "",
) -> SentForm:
    """The form of the page; a field for files left empty sends one without a name."""
    given = {"format_name": format_name, "columns": columns, "timezone": timezone, "sheet": sheet}
    given |= {"profile": profile, "save_as": save_as}
    return SentForm(tuple(upload for upload in files if upload.filename), given)


@contextmanager
def put_down(upload: UploadFile) -> Iterator[Path]:
    """The file on disk while the block lasts, under the name it had: a meter's file may be named by its
    meter."""
    with tempfile.TemporaryDirectory(prefix="utility-crm-feed-") as folder:
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
