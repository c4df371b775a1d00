"""The billing room: what is held, what the runs did, which tariffs there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.corrections.queries import effect_of_open
from billing.cycles import Month
from billing.queries.held import HeldRow, RunRow, bill_runs, held_accounts
from billing.queries.tariffs import TariffRow, all_tariffs

ASKED = ("held", "runs", "tariffs")


@dataclass(frozen=True, slots=True)
class BillingRoom:
    """last_month: the month before today's, offered for a run. differing: issued bills that would be others
    today."""

    held: tuple[HeldRow, ...]
    runs: tuple[RunRow, ...]
    tariffs: tuple[TariffRow, ...]
    last_month: str
    differing: int

    @property
    def releasable(self) -> int:
        return sum(one.releasable for one in self.held)


def billing_room(session: Session, today: date, *, tariffs_alone: bool = False) -> BillingRoom:
    """Four statements, or one."""
    return BillingRoom(
        () if tariffs_alone else held_accounts(session),
        () if tariffs_alone else bill_runs(session),
        tuple(all_tariffs(session, today)),
        str(Month.of(today).plus(-1)),
        0 if tariffs_alone else sum(one.bills for one in effect_of_open(session)),
    )
