"""The signed cookie that says who is signed in."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE = "utility_crm"
HOURS = 12
"""A shift and a bit: after it a person signs in again."""


class Sessions:
    """Makes and reads the cookie's value: a user's id and the seal of the password it was made with."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="utility_crm.session")

    def issue(self, user_id: int, seal: str) -> str:
        """The cookie's value for a person who has just signed in."""
        return str(self._signer.dumps([user_id, seal]))

    def read(self, value: str | None) -> tuple[int, str] | None:
        """User's id and seal; None where the value is absent, forged or older than a shift."""
        if not value:
            return None
        try:
            user_id, seal = self._signer.loads(value, max_age=HOURS * 3600)
        except (BadData, ValueError, TypeError):
            return None
        return int(user_id), str(seal)
