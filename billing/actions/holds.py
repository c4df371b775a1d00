"""What ops decide about accounts that could not be billed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.drafting.parts import RELEASABLE
from billing.tables import HeldBill
from utility_crm.kit.errors import NotFound, Refused


def release_held(session: Session, held_id: int, user_id: int, now: datetime) -> HeldBill:
    """Let a gap of more than a day be filled; the next run bills it. A repeat keeps the first release.

    Raises NotFound; Refused for a reason that filling cannot cure.
    """
    account_id = session.scalar(select(HeldBill.account_id).where(HeldBill.id == held_id))
    # The account first, as a run does, which then writes its hold.
    lock_accounts(session, [] if account_id is None else [account_id])
    held = session.get(HeldBill, held_id, with_for_update=True)
    if held is None:
        raise NotFound("held", "This account is no longer held.")
    if held.code not in RELEASABLE:
        raise Refused("not_releasable", f"It cannot be released, only put right: {held.reason}", held.code)
    if held.released_at is None:
        held.released_at, held.released_by = now, user_id
        session.flush()
    return held
