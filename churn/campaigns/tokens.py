"""The links in letters of campaigns: which member of which campaign; signed: none is guessed."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

_SALT = "campaigns.offer"
PATH = "/offer/"


def token(secret: str | list[str], member_id: int) -> str:
    """What a link carries. It ends when its campaign does."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps(member_id))


def member_in(secret: str | list[str], given: str) -> int | None:
    """Whose link it is; None where it is not ours."""
    try:
        found = URLSafeSerializer(secret, salt=_SALT).loads(given)
    except BadData:
        return None
    return found if isinstance(found, int) else None
