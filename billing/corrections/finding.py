"""Looking for issued bills that would be others today, and keeping what was found to be decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.corrections.candidates import changed_bills, issued_bills
from billing.corrections.rerating import Remade, remade
from billing.tables import CorrectionLook

BACK = timedelta(days=1)
"""A look begins so long before the last one's end: a run under way then has issued since what it read
before."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look did. bills: how many were made again; of these so many differ, or cannot be made again."""

    known_at: datetime
    bills: int
    differ: int
    held: int


_KEEP = text(
    """
    insert into corrections (bill_id, cause, known_at, found_at, before_minor, after_minor, before_micro_kwh,
                             after_micro_kwh, not_charged_minor, protected_before, state, reason)
    select b.id, :cause, :known_at, :now, b.total_minor, :after_minor, b.micro_kwh, :after_micro_kwh,
           :not_charged_minor, :protected_before, :state, :reason
    from bills b where b.id = :bill and b.status = 'issued'
    on conflict (bill_id) where state in ('proposed', 'held', 'approved') do update
    set cause = excluded.cause, known_at = excluded.known_at, after_minor = excluded.after_minor,
        after_micro_kwh = excluded.after_micro_kwh, not_charged_minor = excluded.not_charged_minor,
        protected_before = excluded.protected_before, state = excluded.state, reason = excluded.reason
    where corrections.state in ('proposed', 'held')
    """
)
_DROP = text(
    "update corrections set state = 'superseded', reason = 'the same again', known_at = :known_at "
    "where bill_id = any(:bills) and state in ('proposed', 'held')"
)


def find_corrections(
    session: Session, *, known_at: datetime, today: date, now: datetime, country: str, subdivision: str = ""
) -> Look:
    """Make those bills again that what came in since the last look may have changed; keep what differs.

    known_at: an instant up to which all readings are in (`billing.runs.present_instant`). What is proposed is
    renewed; what differs no more is dropped. Two looks at once wait for each other; a repeat finds nothing
    new.
    """
    session.execute(insert(CorrectionLook).values(id=1, looked_until=known_at).on_conflict_do_nothing())
    before = _looked_until(session, known_at)
    bills = issued_bills(session, changed_bills(session, before, known_at))
    made = remade(session, bills, known_at, today, country, subdivision)
    differing = [one for one in made if one.differs]
    _keep(session, differing, known_at, now)
    same = [one.bill.id for one in made if not one.differs]
    if same:
        session.execute(_DROP, {"bills": same, "known_at": known_at})
    look = session.get_one(CorrectionLook, 1, populate_existing=True)
    look.looked_until = max(known_at, look.looked_until)
    session.flush()
    held = sum(one.hold is not None for one in differing)
    return Look(known_at, len(made), len(differing) - held, held)


def _looked_until(session: Session, known_at: datetime) -> datetime | None:
    """Where the last look ended; None for the first, whose own row it is. Holds off other looks."""
    statement = select(CorrectionLook.looked_until).where(CorrectionLook.id == 1).with_for_update()
    found = session.scalars(statement).one()
    return None if found == known_at else found - BACK


def _keep(session: Session, made: Sequence[Remade], known_at: datetime, now: datetime) -> None:
    if not made:
        return
    session.execute(
        _KEEP,
        [
            {
                "bill": one.bill.id,
                "cause": one.bill.cause,
                "known_at": known_at,
                "now": now,
                "after_minor": one.after_minor,
                "after_micro_kwh": one.after_micro_kwh,
                "not_charged_minor": one.not_charged_minor,
                "protected_before": one.protected_before,
                "state": "held" if one.hold else "proposed",
                "reason": one.hold.reason if one.hold else "",
            }
            for one in made
        ],
    )
