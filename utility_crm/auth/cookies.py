"""The signed cookie that says which sign-in a browser belongs to."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

COOKIE = "utility_crm"


class Sessions:
    """Makes and reads the cookie's value: a sign-in's random id, signed, so that what we did not make never
    reaches the database. How long it holds is the database's to say (`auth.sign_ins`)."""

    def __init__(self, secret: str | list[str]) -> None:
        self._signer = URLSafeSerializer(secret, salt="utility_crm.sign_in")

    def issue(self, token: str) -> str:
        """The cookie's value for a sign-in that has just begun."""
        return str(self._signer.dumps(token))

    def read(self, value: str | None) -> str | None:
        """The sign-in's id; None where the value is absent or forged."""
        if not value:
            return None
        try:
            token = self._signer.loads(value)
        except (BadData, ValueError, TypeError):
            return None
        return token if isinstance(token, str) else None
