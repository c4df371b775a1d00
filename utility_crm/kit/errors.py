"""The kinds of errors.

    CareError
    ├── NotFound   what was named does not exist            (web: 404)
    ├── Conflict   it clashes with what is already there    (web: 409)
    ├── Refused    a rule forbids it; the reason is named   (web: 403)
    └── Invalid    the input cannot be read                 (web: 422)

Every error carries a short stable code, a sentence for a person, and where it happened. `web/` alone maps
kinds to status codes; the command line prints `{"error": {...}}` and exits 1. A bad row of a feed is a value,
never one of these.
"""

from __future__ import annotations


class CareError(Exception):
    """Base of the kinds: a stable `code`, a `message` for a person, and `where` (file, line, field).

    A message with figures names them, `"There is no bill %(bill)s.", bill=number`: `words` and `values` are
    what another language puts together anew.
    """

    def __init__(self, code: str, message: str, where: str | None = None, **values: object) -> None:
        self.words = message
        self.values = values
        self.message = message % values if values else message
        super().__init__(self.message)
        self.code = code
        self.where = where

    def document(self) -> dict[str, dict[str, str | None]]:
        """The shape promised by the command line and the API."""
        return {"error": {"code": self.code, "message": self.message, "where": self.where}}


class NotFound(CareError):
    """What was named does not exist."""


class Conflict(CareError):
    """It clashes with what is already there."""


class Refused(CareError):
    """A rule forbids it."""


class Invalid(CareError):
    """The input cannot be read."""


MET = "at_the_same_moment"
"""The code where two were at the same rows at once, and one of them is to do it again."""

_AT_ONCE = ("40001", "40P01")


def have_met(error: Exception) -> bool:
    """Whether the database undid one of two transactions that could not both go on (serialization_failure,
    deadlock_detected; PostgreSQL, appendix A). It answers as ever."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _AT_ONCE
