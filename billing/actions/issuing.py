"""Issuing bills: safe to repeat, to run twice at once, and to kill anywhere between two chunks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.storing import store_bills
from billing.cycles import Month
from billing.domain.gate import GateBook
from billing.drafting import Draft, Hold, draft_accounts
from billing.drafting.changed import Looked, check_as_looked, looked_at
from billing.drafting.gate import Released, held_or_let_through, judged_drafts
from billing.drafting.too_old import without_too_old
from billing.life.budgets import budgeted, renew_budgets
from billing.queries.supplies import after_bills, supplies

_LOCK_ACCOUNTS = text("select from accounts where id = any(:ids) order by id for no key update")
_BILLED = text(
    "select account_id, max(ends_before) from bills where account_id = any(:ids) and status = 'issued' "
    "and starts_on < :ends_before and ends_before > :starts_on group by account_id"
)
_RELEASED = text(
    "select account_id, released_codes, released_figures from held_bills "
    "where account_id = any(:ids) and released_at is not null "
    "and starts_on < :ends_before and ends_before > :starts_on"
)
_LOCK_TERMS = text(
    "select from agreements g join tariffs t on t.id = g.tariff_id where g.account_id = any(:ids) "
    "order by g.id for share of g, t"
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of some accounts. totals: minor units by currency, of the `count` bills issued, or drafted
    alone; then bill_ids is empty. lapsed: accounts held again, whose release was of another draft. looked:
    what was let through, by account, as whoever looks at a draft sees it."""

    bill_ids: tuple[int, ...] = ()
    unchanged: int = 0
    held: tuple[Hold, ...] = ()
    count: int = 0
    totals: Mapping[str, int] = field(default_factory=dict)
    lapsed: tuple[int, ...] = ()
    looked: Mapping[int, Looked] = field(default_factory=dict)


def issue_cycle(
    session: Session,
    month: Month,
    cycle_day: int,
    account_ids: Sequence[int],
    *,
    issued_on: date,
    known_at: datetime,
    now: datetime,
    gate: GateBook | None = None,
    looked: Mapping[int, Looked] | None = None,
) -> Issued:
    """Issue, in the caller's transaction, the bills of some accounts of one cycle that ends in `month`.

    The accounts are locked first, in order of id, so that a second run waits and then finds them billed;
    the exclusion of overlapping bills stands behind that. Their agreements and tariffs are locked against
    change, so that nothing ends, or costs something else, on days that are being billed. An account that
    cannot be billed, or that the gate holds, is held with its reason; without a gate only gaps are asked
    about. What was used too long ago, seen from issued_on, is not charged. looked: the drafts that somebody
    looked at; raises DraftChanged where what would be issued is not exactly that.
    """
    ids = sorted(account_ids)
    lock_accounts(session, ids)
    session.execute(_LOCK_TERMS, {"ids": ids})
    drafts, done = _drafted(session, month, cycle_day, ids, issued_on, known_at, gate, looked)
    bill_ids = store_bills(session, drafts, month, issued_on, known_at)
    renew_budgets(session, drafts)
    hold_accounts(session, done.held, now, done.lapsed)
    return replace(done, bill_ids=tuple(bill_ids))


def draft_cycle(
    session: Session,
    month: Month,
    cycle_day: int,
    account_ids: Sequence[int],
    *,
    issued_on: date,
    known_at: datetime,
    gate: GateBook | None,
) -> Issued:
    """What `issue_cycle` would do now. Locks nothing and writes nothing."""
    return _drafted(session, month, cycle_day, sorted(account_ids), issued_on, known_at, gate, None)[1]


def _drafted(
    session: Session,
    month: Month,
    cycle_day: int,
    ids: Sequence[int],
    issued_on: date,
    known_at: datetime,
    gate: GateBook | None,
    looked: Mapping[int, Looked] | None,
) -> tuple[Sequence[Draft], Issued]:
    """The drafts that are let through, and what is to be said of all accounts."""
    starts_on, ends_before = month.cycle(cycle_day)
    days = {"starts_on": starts_on, "ends_before": ends_before}
    billed = {row[0]: row[1] for row in session.execute(_BILLED, {"ids": ids, **days})}
    open_ids = [one for one in ids if one not in billed or billed[one] < ends_before]
    found = after_bills(supplies(session, open_ids, starts_on, ends_before), billed) if open_ids else []
    # Who has a bill in the cycle and no supply after it is done.
    done = len(set(billed) - {one.account_id for one in found})
    if not found:
        return (), Issued(unchanged=done)
    rows = session.execute(_RELEASED, {"ids": open_ids, **days})
    released = {row[0]: Released(tuple(row[1] or ()), row[2]) for row in rows}
    made = draft_accounts(session, found, known_at)
    made = replace(made, drafts=tuple(without_too_old(session, made.drafts, found, known_at, issued_on)))
    judged = judged_drafts(session, made, starts_on, ends_before, gate)
    drafts, holds, lapsed = held_or_let_through(made, judged, released)
    if looked is not None:
        check_as_looked(looked, judged, drafts, holds)
    seen = looked_at(judged, drafts)
    holds = tuple(one.known(known_at) for one in holds)
    # The gate judges what was used; what a fixed amount leaves of it to pay comes after.
    drafts = budgeted(session, drafts)
    totals: dict[str, int] = {}
    for one in drafts:
        totals[one.currency] = totals.get(one.currency, 0) + one.total_minor
    return drafts, Issued((), done, holds, len(drafts), totals, lapsed, seen)


def lock_accounts(session: Session, account_ids: Sequence[int]) -> None:
    """Keep others from billing these accounts or booking on them until the transaction ends."""
    session.execute(_LOCK_ACCOUNTS, {"ids": list(account_ids)})


_HOLD = text(
    """
    insert into held_bills
        (account_id, starts_on, ends_before, code, codes, reason, figures, total_minor, held_at)
    values (:account_id, :starts_on, :ends_before, :code, :codes, :reason, cast(:figures as jsonb),
            :total_minor, :held_at)
    on conflict (account_id, starts_on) do update
        set ends_before = excluded.ends_before, code = excluded.code, codes = excluded.codes,
            reason = excluded.reason, figures = excluded.figures, total_minor = excluded.total_minor
    """
)
_LAPSE = text(
    """
    with lapsed as (
        update held_bills set released_at = null, released_by = null, released_codes = null,
                              released_figures = null
        where account_id = any(:ids) and released_at is not null and starts_on = any(:starts)
        returning id, codes, total_minor, figures
    )
    insert into hold_decisions (held_bill_id, decision, reason, decided_at, codes, total_minor, figures)
    select id, 'lapsed', '', :now, codes, total_minor, figures from lapsed
    """
)


def hold_accounts(session: Session, holds: Sequence[Hold], now: datetime, lapsed: Sequence[int] = ()) -> None:
    """Keep why each account is not billed; a repeat renews reason and figures, and keeps since when. It keeps
    a release, too, but of the accounts that lapsed: theirs was of another draft."""
    if not holds:
        return
    rows = [
        {
            "account_id": one.account_id,
            "starts_on": one.starts_on,
            "ends_before": one.ends_before,
            "code": one.code,
            "codes": list(one.codes or (one.code,)),
            "reason": one.reason,
            "figures": json.dumps(dict(one.figures)),
            "total_minor": one.total_minor,
            "held_at": now,
        }
        for one in holds
    ]
    session.execute(_HOLD, rows)
    if lapsed:
        starts = [one.starts_on for one in holds if one.account_id in lapsed]
        session.execute(_LAPSE, {"ids": list(lapsed), "starts": starts, "now": now})
