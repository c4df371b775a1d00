"""What is handed to the outbox, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from notifications.domain.permission import Reason

Outcome = Literal["queued", "already", "withheld"]


@dataclass(frozen=True, slots=True)
class Addressed:
    """Where somebody wrote from and is answered, whoever it is: no consent is asked, since they asked us.
    What bounced there before, or was complained of, is still not written to."""

    channel: str
    address: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice somebody wants sent. The functions in `types/` make them with the right context.

    key            deterministic and unique: the same key again is the same notice
    notice         name of a folder in `types/`
    customer_id    who gets it (a payer, or who lives at the premise)
    context        what the templates need, as JSON
    account_id     whose premise's zone says what a decent hour is; the customer's first account when absent
    about          what it is about ("bill:F-000123"), to count it or take it back
    timezone       IANA zone where that is already known
    urgent         passes quiet hours and the daily cap
    priority       what is due goes out lowest first
    useful_before  from then on it is not worth sending
    channels       only these of the kind's ways; all of them when empty
    first          this way before the others, whatever the customer prefers
    to             there and nowhere else; then there may be no customer
    """

    key: str
    notice: str
    customer_id: int | None
    context: Mapping[str, Any]
    account_id: int | None = None
    about: str = ""
    timezone: str | None = None
    urgent: bool = False
    priority: int = 50
    useful_before: datetime | None = None
    channels: tuple[str, ...] = ()
    first: str = ""
    to: Addressed | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of it: `queued`, `already` there under its key, or kept as `withheld` for `reason`.

    A queued one that has to wait names its `reason`, too.
    """

    key: str
    outcome: Outcome
    reason: Reason | None = None
