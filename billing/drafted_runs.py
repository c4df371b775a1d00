"""A draft of a month, looked at by a person and then issued: exactly that, or nothing.

An edge, as `billing.runs` is. The drafts themselves are not kept, for making them again takes less than
storing them: they are made again from the readings of the same instant, and held against what the draft's row
counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billing.actions.issuing import draft_cycle
from billing.cycles import Month
from billing.drafting.changed import Looked
from billing.queries.gate import gate_book
from billing.queries.runs import RunDone, run_done
from billing.queries.supplies import due_accounts
from billing.runs import BillRun, chunks_of, issue_bills
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Counted:
    """What a draft says. totals: minor units by currency."""

    issued: int
    held: int
    totals: Mapping[str, int]


class RunChanged(Conflict):
    """Issued now, the draft would be another than the one that was looked at. Nothing was issued."""

    def __init__(self, period: str, before: Counted, now: Counted) -> None:
        words = (
            f"The draft of {period} has changed since it was made: {before.issued} bills would be issued and "
            f"{before.held} accounts wait, now {now.issued} and {now.held}. Draft it again."
        )
        super().__init__("run_changed", words, period)
        self.period = period
        self.before = before
        self.now = now


def issue_draft(
    engine: Engine,
    run_id: int,
    *,
    today: date,
    now: datetime,
    started_by: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BillRun:
    """Issue what a draft said, from the readings that it was made from.

    Raises NotFound; Refused for a run that is no finished draft; RunChanged where prices, agreements,
    decisions or bills of meanwhile make it another, and DraftChanged where one becomes another while it is
    issued: what was issued before that is as it was looked at.
    """
    with unit_of_work(engine) as session:
        draft = finished_draft(session, run_id)
    found, looked = _again(engine, draft, today)
    before = Counted(draft.issued, draft.held, draft.totals)
    if (found.issued, found.held, dict(found.totals)) != (before.issued, before.held, dict(before.totals)):
        raise RunChanged(draft.period, before, found)
    return issue_bills(
        engine, draft.period, today=today, now=now, known_at=draft.known_at, started_by=started_by,
        looked=looked, progress=progress,
    )  # fmt: skip


def finished_draft(session: Session, run_id: int) -> RunDone:
    """A draft that can be issued. Raises NotFound, Refused."""
    draft = run_done(session, run_id)
    if not draft.draft or draft.state != "done":
        raise Refused("no_draft", mark("Only a draft that is finished can be issued."), draft.period)
    return draft


def _again(engine: Engine, draft: RunDone, today: date) -> tuple[Counted, dict[int, Looked]]:
    """The draft made once more. Writes nothing."""
    month = Month.read(draft.period)
    with unit_of_work(engine) as session:
        due, gate = due_accounts(session, month, today), gate_book(session)
    issued = held = 0
    totals: dict[str, int] = {}
    looked: dict[int, Looked] = {}
    for cycle_day, chunk in chunks_of(due):
        with unit_of_work(engine) as session:
            part = draft_cycle(
                session, month, cycle_day, chunk, issued_on=today, known_at=draft.known_at, gate=gate
            )
        issued, held = issued + part.count, held + len(part.held)
        looked.update(part.looked)
        for currency, amount in part.totals.items():
            totals[currency] = totals.get(currency, 0) + amount
    return Counted(issued, held, totals), looked
