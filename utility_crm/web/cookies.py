"""Every cookie of the house, written and read in one place.

Where the pages are served over HTTPS (setting `secure_cookies`) each is `Secure` and its name begins with
`__Host-`: browsers then take it from this very host alone, for all of its paths, and no neighbour can plant
one.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from utility_crm.kit.settings import settings

PREFIX = "__Host-"


def named(name: str) -> str:
    """What a cookie is called in the browser."""
    return PREFIX + name if settings().secure_cookies else name


def put_cookie(
    response: Response, name: str, value: str, *, seconds: int | None = None, script: bool = False
) -> None:
    """Gives the browser a cookie, for so many seconds or until it is closed; `script`: pages' scripts may
    read it."""
    response.set_cookie(
        named(name), value, max_age=seconds, httponly=not script, samesite="lax",
        secure=settings().secure_cookies,
    )  # fmt: skip


def cookie_of(request: Request, name: str) -> str:
    """A cookie's value, empty where there is none."""
    return request.cookies.get(named(name), "")


def drop_cookie(response: Response, name: str) -> None:
    """The browser forgets it. A browser takes a `__Host-` name only with Secure, to forget it too."""
    response.delete_cookie(named(name), httponly=True, samesite="lax", secure=settings().secure_cookies)
