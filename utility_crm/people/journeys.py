"""The signed cookie of a browser that was sent to the identity provider."""

from __future__ import annotations

from dataclasses import astuple

from itsdangerous import BadData, URLSafeTimedSerializer

from utility_crm.auth.oidc import Journey

COOKIE = "outside"
SECONDS = 600


class Journeys:
    """Makes and reads the cookie's value: it binds what comes back to the browser that was sent."""

    def __init__(self, secret: str | list[str]) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="utility_crm.outside")

    def issue(self, journey: Journey) -> str:
        """The cookie's value."""
        return str(self._signer.dumps(astuple(journey)))

    def read(self, value: str) -> Journey | None:
        """The journey; None where it is forged, or begun more than ten minutes ago."""
        try:
            return Journey(*self._signer.loads(value, max_age=SECONDS))
        except (BadData, ValueError, TypeError):
            return None
