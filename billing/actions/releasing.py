"""A draft that waits, let through and billed at once: exactly the one that was looked at, or none."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.actions.holds import release_held
from billing.actions.issuing import Issued, draft_cycle, hold_accounts, issue_cycle, lock_accounts
from billing.cycles import month_of_cycle
from billing.drafting.changed import Looked
from billing.queries.gate import gate_book
from billing.queries.held import HeldRow, held_by_id
from utility_crm.kit.errors import Conflict, Refused
from utility_crm.web.words import mark


class AnotherDraft(Conflict):
    """The draft that waits was made anew since it was shown; `row` is what waits now."""

    def __init__(self, row: HeldRow) -> None:
        words = f"The draft of account {row.account} was made anew since you looked at it: look again."
        super().__init__("another_draft", words, row.account)
        self.row = row


def release_and_bill(
    session: Session, held_id: int, seen: str, *, user_id: int, reason: str, today: date, now: datetime
) -> Issued:
    """Let a draft through for a reason, and issue it from the readings that it was made from.

    seen: `HeldRow.seen` of what was shown. Raises NotFound; AnotherDraft and `DraftChanged`, where it is not
    what was shown any more; Refused for what somebody's word cannot cure; Invalid without a reason.
    """
    with session.begin_nested():  # of a refused one nothing is kept
        held = release_held(session, held_id, user_id, now, reason)
        row = held_by_id(session, held_id)
        if row.seen != seen:
            raise AnotherDraft(row)
        if row.figures is None or row.known_at is None:
            words = mark("Too little is kept of this draft to issue it as it was: make it anew.")
            raise Refused("not_releasable", words, row.code)
        return issue_cycle(
            session,
            month_of_cycle(row.starts_on, row.cycle_day),
            row.cycle_day,
            [held.account_id],
            issued_on=today,
            known_at=row.known_at,
            now=now,
            gate=gate_book(session),
            looked={held.account_id: Looked.of(row.figures)},
        )


def renew_hold(
    session: Session, held_id: int, known_at: datetime, today: date, now: datetime
) -> HeldRow | None:
    """The draft made anew from what is known now, for whoever has to look again; nothing is issued. None: it
    would not be held any more, so that the next run bills it."""
    row = held_by_id(session, held_id)
    lock_accounts(session, [row.account_id])
    month = month_of_cycle(row.starts_on, row.cycle_day)
    gate = gate_book(session)
    done = draft_cycle(
        session, month, row.cycle_day, [row.account_id], issued_on=today, known_at=known_at, gate=gate
    )
    hold_accounts(session, done.held, now)
    return held_by_id(session, held_id) if done.held else None
