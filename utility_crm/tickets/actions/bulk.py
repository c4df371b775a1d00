"""The same on many tickets, in one transaction: what was done, what was so already, what could not be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from utility_crm.kit.errors import CareError

MOST = 200
"""Tickets at once: as many as a page shows."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """What came of it, by ticket."""

    done: tuple[int, ...]
    unchanged: tuple[int, ...]
    refused: tuple[tuple[int, CareError], ...]


def bulk(session: Session, ticket_ids: Sequence[int], act: Callable[[int], bool]) -> Bulk:
    """Do `act` to each ticket, in the order of their ids; a CareError undoes that one alone.

    act: (ticket id) -> whether anything changed.
    """
    done: list[int] = []
    unchanged: list[int] = []
    refused: list[tuple[int, CareError]] = []
    for ticket_id in sorted(set(ticket_ids)):
        try:
            with session.begin_nested():
                (done if act(ticket_id) else unchanged).append(ticket_id)
        except CareError as error:
            refused.append((ticket_id, error))
    return Bulk(tuple(done), tuple(unchanged), tuple(refused))
