"""Notices that the supplier's own app shows: they are there as soon as they are written down as sent.

Nothing leaves, so nothing fails, and a repeat is the same row. The app reads them by
`GET /api/v1/customers/{number}/notices` and says which were read (`notifications.in_app`).
"""

from __future__ import annotations

from notifications.channels import Letter


class InApp:
    """The way into the app."""

    honours_keys = True
    at_once = 1

    def send(self, letter: Letter) -> str:  # noqa: ARG002 - it stays where it is
        return ""

    def rest(self) -> None:
        """There is no connection."""
