"""The billing room: what is held, what the runs did, who was not billed, which tariffs there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.corrections.queries import effect_of_open
from billing.cycles import Month
from billing.life.deemed import UnsuppliedPoint, unsupplied_points
from billing.queries.held import HeldRow, RunRow, bill_runs, held_accounts, newest_bills
from billing.queries.life_rooms import (
    BudgetRow,
    DepositRow,
    LifeCounts,
    TermsRow,
    deemed_terms_set,
    deposits_kept,
    life_counts,
    running_budgets,
)
from billing.queries.monitors import Monitors, monitors
from billing.queries.runs import Decision, RunDone, decisions_of, runs_done
from billing.queries.tariffs import TariffRow, all_tariffs

NOTHING_MISSED = Monitors((), ())
ASKED = ("held", "runs", "unbilled", "tariffs", "deposits", "budgets", "places")
NONE_COUNTED = LifeCounts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class BillingRoom:
    """last_month: the month before today's, offered for a run. differing: issued bills that would be others
    today. chosen: of the held, the one that is looked at, with what was decided about it; done: runs as they
    counted themselves."""

    held: tuple[HeldRow, ...]
    runs: tuple[RunRow, ...]
    tariffs: tuple[TariffRow, ...]
    last_month: str
    differing: int
    done: tuple[RunDone, ...] = ()
    monitors: Monitors = NOTHING_MISSED
    chosen: HeldRow | None = None
    decisions: tuple[Decision, ...] = ()
    life: LifeCounts = NONE_COUNTED
    deposits: tuple[DepositRow, ...] = ()
    budgets: tuple[BudgetRow, ...] = ()
    places: tuple[UnsuppliedPoint, ...] = ()
    terms: tuple[TermsRow, ...] = ()

    @property
    def releasable(self) -> int:
        return sum(one.releasable for one in self.held)

    def month_before(self, run: RunRow) -> RunRow | None:
        """The bills of the month before, in the same currency."""
        month = Month.of(run.month).plus(-1).starts_on
        known = (one for one in self.runs if one.currency == run.currency and one.month == month)
        return next(known, None)


def billing_room(
    session: Session, today: date, ask: str = "held", *, tariffs_alone: bool = False, chosen: int = 0
) -> BillingRoom:
    """What every view of the page answers, and the rest of the one that is asked; eleven statements at most.

    chosen: which of the held to show in full. Where it waits no more there is none, and no other in its
    place: whoever lets one through does not find the next under the same key.
    """
    tariffs, last_month = tuple(all_tariffs(session, today)), str(Month.of(today).plus(-1))
    if tariffs_alone:
        return BillingRoom((), (), tariffs, last_month, 0)
    held = held_accounts(session)
    one = next((row for row in held if row.id == chosen), None)
    return BillingRoom(
        held,
        bill_runs(session) if ask == "runs" else newest_bills(session),
        tariffs,
        last_month,
        sum(found.bills for found in effect_of_open(session)),
        runs_done(session) if ask == "runs" else (),
        monitors(session, today),
        one,
        decisions_of(session, one.id) if one else (),
        life_counts(session, today),
        deposits_kept(session, today) if ask == "deposits" else (),
        running_budgets(session, today) if ask == "budgets" else (),
        unsupplied_points(session, today) if ask == "places" else (),
        deemed_terms_set(session) if ask == "places" else (),
    )
