"""Forms with files: asked who sends before the body is read, and no larger than a message may be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from utility_crm.tickets.domain.files import Given
from utility_crm.web.forms import Posted
from utility_crm.web.visit import visit

MOST_BYTES = 40 * 2**20
"""Of a whole form: a few files of the largest size, and the text."""


class WithFiles(APIRoute):
    """A route whose form may be large: only somebody who may write on tickets is read at all."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The usual handler behind the question who asks."""
        usual = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await run_in_threadpool(self._ask_who, request)
            return await usual(request)

        return guarded

    @staticmethod
    def _ask_who(request: Request) -> None:
        with visit(request, "tickets.write"):
            pass


def files_of(posted: Posted, name: str = "files") -> list[Given]:
    """The files that came with a form, in their order; an empty field has none."""
    return [
        Given(one.filename or "", one.file.read())
        for one in posted.uploads(name)
        if isinstance(one, UploadFile) and one.filename
    ]
