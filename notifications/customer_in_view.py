"""What notifications knows of one customer, read at once for their page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notifications.consents.words import EVERY, Word
from notifications.outages.calls import CALLS, Call
from notifications.outages.lived_through import LIVED_THROUGH, PastOutage
from notifications.outages.queries import AT_CUSTOMER, OutageHere
from notifications.outbox.queries import OF_CUSTOMER, ListedNotice, listed_notice
from utility_crm.kit.gathering import Gather
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.together import together

MOST_CALLS = 200


@dataclass(frozen=True, slots=True)
class InView:
    """words: every one that they gave, and notices: whatever was written, or not, the newest first. calls:
    those to them that are yet to be made. outages: those they lived through, the newest first; here: running
    and coming ones that reach them."""

    words: tuple[Word, ...]
    notices: tuple[ListedNotice, ...]
    calls: tuple[Call, ...]
    outages: tuple[PastOutage, ...] = ()
    here: tuple[OutageHere, ...] = ()


def _values(call: CustomerCall) -> dict[str, Any]:
    return {
        "customer": call.customer_id, "outage": None, "waiting": True, "limit": MOST_CALLS, "now": call.now,
    }  # fmt: skip


KNOWN = Gather((EVERY, OF_CUSTOMER, CALLS, LIVED_THROUGH, AT_CUSTOMER), _values)


def in_view(call: CustomerCall) -> InView:
    """Use it through `call.once`."""
    words, notices, calls, outages, here = together(call, KNOWN)
    return InView(
        tuple(Word(*row) for row in words),
        tuple(listed_notice(row) for row in notices),
        tuple(Call(*row) for row in calls),
        tuple(PastOutage(*row) for row in outages),
        tuple(OutageHere(*row) for row in here),
    )
