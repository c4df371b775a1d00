"""Static files: addresses carry a hash of the content, so a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


@cache
def static_url(path: str) -> str:
    """`/static/<path>?v=<hash>`; an unknown file is an error at once."""
    digest = hashlib.sha256((FOLDER / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


class HashedFiles(StaticFiles):
    """Serves the folder. An address with its hash is kept for ever, one without is asked about each time."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            hashed = static_url(path).rpartition("?")[2].encode() == scope["query_string"]
            response.headers["Cache-Control"] = FOREVER if hashed else "no-cache"
        return response
