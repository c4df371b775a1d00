"""What is known of a customer and must not stand in texts about them before their caller is verified: what
the ground knows, and what packages do (`CustomerRoom.known`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from utility_crm.customers.card import customer_card
from utility_crm.kit.errors import NotFound
from utility_crm.kit.masking import Known
from utility_crm.kit.parts import CustomerCall, CustomerRoom
from utility_crm.kit.together import together


def codes_of(call: CustomerCall) -> Sequence[str]:
    """Numbers of their things. On their own page they came with all the rest; else a statement a package."""
    wanted = [room.known for room in call.rooms if room.known is not None]
    return [word for one in wanted for rows in together(call, one) for (word,) in rows]


def known_of(
    rooms: Iterable[CustomerRoom], session: Session, customer_id: int, now: datetime, today: date
) -> Known:
    """The same for a page that is about something else of theirs; nothing of one who is gone."""
    call = CustomerCall(session, customer_id, now, today, rooms=tuple(rooms))
    try:
        return customer_card(session, customer_id).known(codes_of(call))
    except NotFound:
        return Known()
