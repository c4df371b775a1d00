"""What ops decide about accounts that wait: let the draft through as it is, or keep it waiting, and why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.drafting.parts import RELEASABLE
from billing.tables import HeldBill
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.web.words import mark

LONGEST_REASON = 500
_DECIDED = text(
    """
    insert into hold_decisions
        (held_bill_id, decision, reason, decided_by, decided_at, codes, total_minor, figures)
    values (:held, :decision, :reason, :who, :now, :codes, :total, cast(:figures as jsonb))
    """
)


def release_held(session: Session, held_id: int, user_id: int, now: datetime, reason: str) -> HeldBill:
    """Let a draft through as it stands; the next run bills it, unless it has become another: then it is held
    again. A repeat keeps the first release.

    Raises NotFound; Refused for what somebody's word cannot cure; Invalid without a reason, or for one too
    long.
    """
    if not reason.strip():
        raise Invalid("reason", mark("Say why it may be billed."), "reason")
    held = _locked(session, held_id)
    if not set(held.codes) <= set(RELEASABLE) or held.total_minor is None:
        raise Refused("not_releasable", f"It cannot be released, only put right: {held.reason}", held.code)
    if held.released_at is None:
        held.released_at, held.released_by = now, user_id
        held.released_codes, held.released_figures = held.codes, held.figures
        _note(session, held, "released", user_id, now, reason)
    return held


def keep_held(session: Session, held_id: int, user_id: int, now: datetime, reason: str) -> HeldBill:
    """Say why an account goes on waiting; a release that no run has used yet is taken back.

    Raises NotFound, Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid("reason", mark("Say why it goes on waiting."), "reason")
    held = _locked(session, held_id)
    held.released_at = held.released_by = held.released_codes = held.released_figures = None
    _note(session, held, "kept", user_id, now, reason)
    return held


def _locked(session: Session, held_id: int) -> HeldBill:
    account_id = session.scalar(select(HeldBill.account_id).where(HeldBill.id == held_id))
    # The account first, as a run does, which then writes its hold.
    lock_accounts(session, [] if account_id is None else [account_id])
    held = session.get(HeldBill, held_id, with_for_update=True, populate_existing=True)
    if held is None:
        raise NotFound("held", mark("This account is no longer held."))
    return held


def _note(
    session: Session,
    held: HeldBill,
    decision: Literal["released", "kept"],
    user_id: int,
    now: datetime,
    reason: str,
) -> None:
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            "reason", mark("A reason has at most %(most)s characters."), "reason", most=LONGEST_REASON
        )
    session.flush()
    session.execute(
        _DECIDED,
        {
            "held": held.id,
            "decision": decision,
            "reason": reason.strip(),
            "who": user_id,
            "now": now,
            "codes": list(held.codes),
            "total": held.total_minor,
            "figures": json.dumps(held.figures),
        },
    )
