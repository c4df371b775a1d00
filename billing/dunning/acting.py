"""What the clock does about late accounts: judges each once a day, posts what is due, and keeps why not.
Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, charge_fee, waive_fee
from billing.actions.payments import lock_account
from billing.domain.dunning.deciding import AGREED, Decision, decide
from billing.domain.dunning.strategy import STEPS, Step
from billing.dunning.loading import LateAccount, late_accounts
from billing.dunning.reminding import remind
from billing.queries.late_fees import Jurisdiction
from billing.tables import DunningCase, DunningStep
from notifications.delivery.staff import tell_staff
from notifications.outbox.queueing import queue_all, take_back
from notifications.types.dunning_words import Debt, dunning_notice

QUIET = frozenset({*AGREED, "vulnerable", "medical", "season", "temperature", "advisory", "dates", "weekend"})
"""Reasons that stop dunning: written into the case when they begin and when they end."""

KIND = {"overdue": "payment_overdue"}
"""Steps whose kind of notice has another name."""


def dun(
    session: Session, today: date, law: Jurisdiction, now: datetime, account_ids: Sequence[int] | None = None
) -> Counter[str]:
    """Judge all late accounts, or some, and do what is due; how many of each step, and closed cases. May be
    called twice a day: the keys of steps, notices and fees keep each to once."""
    done: Counter[str] = Counter()
    found = late_accounts(session, today, law, account_ids)
    take_back(session, [f"dunning:{one.number}" for one in found if one.standing.debt_minor <= 0], now)
    _give_fees_back(session, today)
    for one in found:
        if one.version is None:
            continue
        if one.standing.debt_minor <= 0 and (one.limited_on or one.suspended_on) and not one.restoring:
            _ask_to_restore(session, one, today, now)
            done["restore"] += 1
        decision = decide(one.version, one.standing, today)
        if decision.step is not None:
            done[_act(session, one, decision, today, now)] += 1
        elif one.case_id is not None:
            done[_keep(session, one, decision, today)] += 1
    del done[""]
    return done


def _act(session: Session, one: LateAccount, decision: Decision, today: date, now: datetime) -> str:
    """Post the step; its name, "" where another call has posted it."""
    assert one.version is not None and decision.step is not None
    step = one.version.step(decision.step)
    assert step is not None
    lock_account(session, one.id)
    case_id = one.case_id or _open(session, one, today)
    if step.step == "reminder":
        reminded = remind(session, one, step.after_days, today, now)
        if reminded is None:
            return _hand_over(session, one, case_id, today)
        key, on = reminded
        posted = post(session, one, case_id, "reminder", on, notice_key=key, source=step.source)
        _note(session, case_id, decision, today)
        return step.step if posted else ""
    key = "" if step.step == "hand_over" else f"dunning:{case_id}:{step.step}:{one.turn(step.step)}"
    posted = post(session, one, case_id, step.step, today, notice_key=key, source=step.source,
                  fee=_fee(session, one, step, case_id, today))  # fmt: skip
    if posted and key:
        queue_all(
            session,
            [dunning_notice(KIND.get(step.step, step.step), _debt(one, step, today), key, _ways(step))],
            now,
        )
    _note(session, case_id, decision, today)
    return step.step if posted else ""


def post(
    session: Session,
    one: LateAccount,
    case_id: int,
    step: str,
    on: date,
    *,
    notice_key: str = "",
    reason: str = "",
    source: str = "",
    fee: int | None = None,
    checklist: list[object] | None = None,
    by: int | None = None,
) -> int | None:
    """Write a line of a case, once; its id, None where it was there (or, by the clock, another that day)."""
    made = session.scalar(
        insert(DunningStep)
        .values(
            case_id=case_id, account_id=one.id, step=step, posted_on=on,
            key=f"{case_id}:{step}:{one.turn(step)}", notice_key=notice_key,
            debt_minor=one.standing.debt_minor, currency=one.currency, adjustment_id=fee, reason=reason,
            source=source, checklist=checklist, made_by=by,
        )
        .on_conflict_do_nothing()
        .returning(DunningStep.id)
    )  # fmt: skip
    return None if made is None else int(made)


def _open(session: Session, one: LateAccount, today: date) -> int:
    assert one.strategy is not None
    statement = insert(DunningCase).values(account_id=one.id, strategy=one.strategy.code, opened_on=today)
    session.execute(statement.on_conflict_do_nothing())
    of_account = select(DunningCase.id).where(DunningCase.account_id == one.id)
    return int(session.scalars(of_account.where(DunningCase.closed_on.is_(None))).one())


def _keep(session: Session, one: LateAccount, decision: Decision, today: date) -> str:
    """Write why nothing is due; close what is paid."""
    assert one.case_id is not None
    if decision.reason == "paid" and not (one.limited_on or one.suspended_on):
        closed = update(DunningCase).where(DunningCase.id == one.case_id)
        session.execute(closed.values(closed_on=today, closed_because="paid", coming="", reason="paid"))
        return "closed"
    if decision.reason in QUIET and one.was != decision.reason:
        post(session, one, one.case_id, "stopped", today, reason=decision.reason, source=decision.source)
    elif one.was in QUIET and decision.reason not in QUIET:
        post(session, one, one.case_id, "resumed", today, reason=one.was)
    _note(session, one.case_id, decision, today)
    return ""


def _note(session: Session, case_id: int, decision: Decision, today: date) -> None:
    session.execute(
        update(DunningCase)
        .where(DunningCase.id == case_id)
        .values(
            judged_on=today, coming=decision.coming, reason=decision.reason, source=decision.source,
            due_on=decision.due_on,
        )
    )  # fmt: skip


def _hand_over(session: Session, one: LateAccount, case_id: int, today: date) -> str:
    """Late for so long that no first reminder is written: a person looks at it."""
    posted = post(session, one, case_id, "hand_over", today, reason="late_too_long")
    return "hand_over" if posted else ""


def _fee(session: Session, one: LateAccount, step: Step, case_id: int, today: date) -> int | None:
    if not step.fee_minor:
        return None
    reference = f"dunning:{case_id}:{step.step}:{one.turn(step.step)}"
    why = Reason(reference, f"fee of dunning: {step.step.replace('_', ' ')}", today)
    return charge_fee(session, one.id, step.fee_minor, why).id


_UNTOLD = text("""
    select s.adjustment_id, s.key from dunning_steps s join outbox o on o.key = s.notice_key
    where s.adjustment_id is not null and o.state = 'withheld' and o.reason <> 'in_digest'
      and not exists (select from adjustments a where a.reference = 'unsent:' || s.key)
    order by s.account_id, s.id
""")


def _give_fees_back(session: Session, today: date) -> None:
    """Nobody pays for a notice that was never sent."""
    for fee_id, key in session.execute(_UNTOLD).all():
        waive_fee(session, fee_id, Reason(f"unsent:{key}", "fee of a notice that was not sent", today))


def _debt(one: LateAccount, step: Step, today: date) -> Debt:
    assert one.version is not None and one.standing.oldest_due_on is not None
    waits = [order.wait_days for order in one.version.orders if order.after_step == step.step]
    following = next((s for s in one.version.steps if STEPS.index(s.step) > STEPS.index(step.step)), None)
    days = max(waits) if waits else following.after_days if following else 14
    return Debt(
        one.payer_id, one.id, one.number, one.standing.debt_minor, one.currency, one.standing.oldest_due_on,
        today + timedelta(days=days), days, step.source,
    )  # fmt: skip


def _ways(step: Step) -> tuple[str, ...]:
    return () if step.channel == "any" else (step.channel,)


def _ask_to_restore(session: Session, one: LateAccount, today: date, now: datetime) -> None:
    """Nothing is owed that may be asked for, and supply is limited: ops is told, once."""
    assert one.case_id is not None
    reason = "agreed" if one.standing.late_minor else "paid"
    if post(session, one, one.case_id, "restore", today, reason=reason):
        said = f"Restore the supply of account {one.number}"
        body = f"{said}: what was owed is paid or agreed on. See /billing/dunning?ask=restore"
        tell_staff(session, f"dunning.restore:{one.case_id}:{one.turn('restore')}", said, body, now)


def open_cases(session: Session) -> int:
    """How many debts have a case."""
    counted = select(func.count()).select_from(DunningCase).where(DunningCase.closed_on.is_(None))
    return int(session.scalar(counted) or 0)
