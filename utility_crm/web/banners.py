"""What was just done, said once on the page that follows: carried in a signed cookie of the person's own."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.responses import Response

from utility_crm.web.cookies import cookie_of, put_cookie

COOKIE = "just_done"
SECONDS = 120
LONGEST = 600
"""Characters of a banner: a cookie holds 4 kB."""


@dataclass(frozen=True, slots=True)
class JustDone:
    """A sentence with its figures, in the person's language. tone: ok, or now where nothing changed."""

    words: str
    tone: str = "ok"


class Banners:
    """Makes and reads the cookie's value; another person's banner, or a forged one, is none."""

    def __init__(self, secret: str | list[str]) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="utility_crm.just_done")

    def issue(self, user_id: int, said: JustDone) -> str:
        """The cookie's value."""
        return str(self._signer.dumps([user_id, said.words[:LONGEST], said.tone]))

    def read(self, user_id: int, value: str | None) -> JustDone | None:
        """The banner, if it is this person's and fresh."""
        if not value:
            return None
        try:
            whose, words, tone = self._signer.loads(value, max_age=SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return JustDone(str(words), str(tone)) if whose == user_id else None


def put_banner(response: Response, request: Request, user_id: int, said: JustDone) -> None:
    """The page that the person sees next says it."""
    put_cookie(response, COOKIE, request.app.state.banners.issue(user_id, said), seconds=SECONDS)


def banner_of(request: Request, user_id: int) -> JustDone | None:
    """What this request is to say."""
    found: JustDone | None = request.app.state.banners.read(user_id, cookie_of(request, COOKIE))
    return found
