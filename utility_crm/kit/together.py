"""What the rooms of the customer page want to know, asked in one statement."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy.exc import DBAPIError

from utility_crm.kit.gathering import Gather, gathered
from utility_crm.kit.parts import CustomerCall

Rows = list[list[Any]]
log = logging.getLogger("utility_crm.customers.page")


def together(call: CustomerCall, wanted: Gather) -> Sequence[Rows]:
    """The rows of each of its selects. For a whole page they come with those of all other rooms, once."""
    found = call.once(_of_all_rooms) if call.whole else {}
    return found[wanted] if wanted in found else gathered(call.session, wanted.selects, wanted.values(call))


def _of_all_rooms(call: CustomerCall) -> Mapping[Gather, Sequence[Rows]]:
    """Nothing where the statement fails: each room then asks alone, and only what is broken is missing."""
    gathers = tuple(chain.from_iterable(room.gathers for room in call.rooms))
    values: dict[str, Any] = {}
    for one in gathers:
        mine = one.values(call)
        unlike = [name for name, value in mine.items() if name in values and values[name] != value]
        if unlike:
            raise ValueError(f"two rooms name different things {unlike}")
        values |= mine
    try:
        rows = iter(gathered(call.session, [select for one in gathers for select in one.selects], values))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        log.exception("what the rooms want of customer %d failed together", call.customer_id)
        call.session.rollback()
        return {}
    return {one: [next(rows) for _ in one.selects] for one in gathers}
