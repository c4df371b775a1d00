"""Where a notice goes whose address was taken from its customer after it was queued: to the one they have by
now, or nowhere that way. Whoever has the old one is somebody else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.outbox.recipients import Wish, recipients

_MOVE = text("""
    update outbox set address = moved.address
    from jsonb_to_recordset(cast(:rows as jsonb)) as moved (id bigint, address text)
    where outbox.id = moved.id
""")
_ONLY_THERE = frozenset({"confirm_consent"})
"""Kinds whose words are good at the address that they were written for alone."""


@dataclass(frozen=True, slots=True)
class Present:
    """Where it goes now (empty: nowhere that way), and whether that address is closed."""

    address: str
    suppressed: bool


def present_addresses(session: Session, taken: Sequence[Row[Any]], now: datetime) -> Mapping[int, Present]:
    """Of these, whose address is not their customer's any more; kept in them. One or two statements,
    none where there is none."""
    if not taken:
        return {}
    wishes = [Wish(row.customer_id, row.account_id, row.purpose) for row in taken]
    found: dict[int, Present] = {}
    for row, recipient in zip(taken, recipients(session, wishes, now), strict=True):
        address = "" if row.notice in _ONLY_THERE else recipient.reach.addresses.get(row.channel, "")
        found[row.id] = Present(address, row.channel in recipient.reach.suppressed)
    rows = [{"id": one, "address": there.address} for one, there in found.items() if there.address]
    if rows:
        session.execute(_MOVE, {"rows": json.dumps(rows)})
    return found
