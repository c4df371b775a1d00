"""What the clock calls. Each job may be called twice: a notice has one key, and an account's days are billed
once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from hashlib import sha256
from itertools import groupby

from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle, lock_accounts
from billing.actions.judging import judge_agreed
from billing.actions.late_fees import post_late_fees, put_late_fees_right
from billing.actions.runs import begin_run, end_run, note_chunk
from billing.corrections.finding import find_corrections
from billing.cycles import Month
from billing.dunning.acting import dun
from billing.dunning.first_days import first_days, soonest
from billing.dunning.reminding import REMIND_WITHIN_DAYS
from billing.dunning.words import STEP_WORDS
from billing.life.settling import close_even_accounts
from billing.queries.gate import gate_book
from billing.queries.late_fees import Jurisdiction
from billing.queries.monitors import monitors
from billing.queries.reminders import bills_to_remind, reminders_no_longer_true
from billing.queries.supplies import DueAccount, due_accounts
from billing.runs import CHUNK, present_instant
from billing.telling.jobs import JOBS as TELLING
from billing.telling.queued import queued_in_words
from billing.what_if.jobs import compare_tariffs, foretell_next_bills, learn_how_far_off
from notifications.delivery.staff import tell_staff
from notifications.outbox.queueing import take_back
from notifications.types.payment_reminder import payment_reminder
from utility_crm.kit.module import Job
from utility_crm.kit.said import said, together
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

BILL_AFTER_DAYS = 2
"""Days after a cycle's end on which it is billed: the meters' last files have come by then."""

DONE_WORDS = {"closed": mark("closed, nothing is late")}
"""What a run of dunning does beside the steps."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
TOLD = 50
"""Lines of a letter to staff; the page and the command have all."""


def remind_of_late_bills(session: Session, now: datetime) -> str:
    """Queue the first reminder of every bill that has been late for as long as its strategy of dunning
    says; its key makes a repeat harmless. One that still waits, and would no longer be true, is withheld."""
    today = utility_today(now)
    take_back(session, reminders_no_longer_true(session, today), now)
    found = bills_to_remind(
        session, today, after_days=soonest(session, today), within_days=REMIND_WITHIN_DAYS
    )
    law = Jurisdiction.of(settings())
    days = first_days(session, [one.account_id for one in found], law, today)
    late = [
        one for one in found if one.account_id in days and (today - one.due_on).days >= days[one.account_id]
    ]
    notices = [
        payment_reminder(
            customer_id=bill.payer_id,
            account_id=bill.account_id,
            account=bill.account,
            bill=bill.bill,
            amount_minor=bill.open_minor,
            currency=bill.currency,
            due_on=bill.due_on,
        )
        for bill in late
    ]
    return queued_in_words(session, notices, mark("%(queued)s queued of %(found)s late bills"), now)


def dun_late_accounts(session: Session, now: datetime) -> str:
    """Post the next step of every late account whose day has come, and write why the others have none."""
    done = dun(session, utility_today(now), Jurisdiction.of(settings()), now)
    if not done:
        return said(mark("nothing is due"))
    return together(
        said(mark("%(step)s: %(count)s"), step=DONE_WORDS.get(step) or STEP_WORDS[step], count=count)
        for step, count in sorted(done.items())
    )


def bill_what_is_due(session: Session, now: datetime) -> str:
    """Bill the accounts whose cycle ended two days ago or earlier, this month or the last; a chunk a call.

    One call takes at most one chunk, in the clock's own unit of work; the next call goes on. What was held is
    tried again each time, so that readings which came late are billed by themselves.
    """
    today = utility_today(now)
    until = today - timedelta(days=BILL_AFTER_DAYS)
    here = Month.of(today)
    known_at = present_instant(session, today)
    waiting: list[tuple[Month, DueAccount]] = []
    for month in (here.plus(-1), here):
        due = due_accounts(session, month, until)
        waiting += [(month, account) for account in due if not account.billed]
    # Those held before come last, so that they keep nobody else waiting.
    waiting.sort(key=lambda pair: (pair[1].held, pair[0], pair[1].cycle_day, pair[1].id))
    chosen, left = waiting[:CHUNK], len(waiting[CHUNK:])
    # All at once and before any bill has a number: a run by hand, which holds some of them and waits for the
    # month's numbers, must not be waited for while those are held here.
    lock_accounts(session, [account.id for _, account in chosen])
    issued = held = 0
    gate = gate_book(session)
    for (month, cycle_day), group in groupby(chosen, key=lambda pair: (pair[0], pair[1].cycle_day)):
        ids = [account.id for _, account in group]
        done = issue_cycle(
            session, month, cycle_day, ids, issued_on=today, known_at=known_at, now=now, gate=gate
        )
        if done.count:
            run_id = begin_run(session, month, today, known_at, now, len(ids))
            note_chunk(session, run_id, done)
            end_run(session, run_id, "done")
        issued += done.count
        held += len(done.held)
    return said(
        mark("%(issued)s issued, %(held)s held, %(left)s left for the next call"),
        issued=issued,
        held=held,
        left=left,
    )


def watch_who_is_billed(session: Session, now: datetime) -> str:
    """Tell staff of supply that nobody was billed for, once of each set of accounts and days."""
    found = monitors(session, utility_today(now))
    if not found.all:
        return said(mark("every day of supply is billed or held"))
    lines = [f"{one.account}: {one.starts_on} to {one.last_on}, {one.days} days" for one in found.all]
    never, between = len(found.unbilled), len(found.missing_cycles)
    words = f"{never} never billed, {between} missing between two bills"
    key = "billing.monitors:" + sha256("\n".join(lines).encode()).hexdigest()[:32]
    more = [f"and {len(lines) - TOLD} more"] if len(lines) > TOLD else []
    body = "\n".join(
        ["No bill charges for these days of supply:", *lines[:TOLD], *more, "See /billing?ask=unbilled"]
    )
    told = tell_staff(session, key, f"Supply without a bill: {words}", body, now)
    return said(
        mark("%(never)s never billed, %(between)s missing between two bills; %(told)s letters"),
        never=never,
        between=between,
        told=told,
    )


def judge_agreements(session: Session, now: datetime) -> str:
    """End the plans and promises whose days have passed, as every payment does with those of its account."""
    done = judge_agreed(session, utility_today(now))
    return together(
        (
            said(
                mark("plans: %(kept)s kept, %(broken)s broken"),
                kept=done.plans_kept,
                broken=done.plans_broken,
            ),
            said(
                mark("promises: %(kept)s kept, %(broken)s broken"),
                kept=done.promises_kept,
                broken=done.promises_broken,
            ),
        )
    )


def charge_late_fees(session: Session, now: datetime) -> str:
    """Post the late fees that tariffs ask for, each once; take back those of bills credited meanwhile."""
    today = utility_today(now)
    back = put_late_fees_right(session, today)
    posted = post_late_fees(session, today, Jurisdiction.of(settings()))
    return said(mark("%(posted)s late fees posted, %(back)s taken back"), posted=posted.count, back=back)


def close_ended_accounts(session: Session, now: datetime) -> str:
    """Accounts whose supply has ended and that are even are closed."""
    return said(mark("%(closed)s accounts closed"), closed=close_even_accounts(session, utility_today(now)))


def look_for_corrections(session: Session, now: datetime) -> str:
    """Which issued bills would differ by what came in since the last look; a person decides about them."""
    today = utility_today(now)
    known_at = present_instant(session, today)
    found = find_corrections(
        session, known_at=known_at, today=today, now=now,
        country=settings().country, subdivision=settings().subdivision,
    )  # fmt: skip
    return said(
        mark("%(again)s bills made again, %(differ)s differ, %(held)s held"),
        again=found.bills,
        differ=found.differ,
        held=found.held,
    )


JOBS = (
    Job("billing.remind", _HOUR, remind_of_late_bills, mark("Remind of late bills")),
    Job("billing.dunning", _HOUR, dun_late_accounts, mark("Take the next step against late accounts")),
    Job("billing.bill", _HOUR, bill_what_is_due, mark("Bill what is due")),
    Job("billing.corrections", _HOUR, look_for_corrections, mark("Look for bills to correct")),
    Job("billing.close", 6 * _HOUR, close_ended_accounts, mark("Close accounts that ended")),
    Job(
        "billing.monitors",
        _DAY,
        watch_who_is_billed,
        mark("Look for supply that nobody was billed for"),
        at=time(6),
    ),
    Job("billing.spreads", _DAY, learn_how_far_off, mark("Learn how far off forecasts were"), at=time(3, 40)),
    Job("billing.what_if", _HOUR, compare_tariffs, mark("Compare tariffs for everybody")),
    Job("billing.next_bills", _MINUTE, foretell_next_bills, mark("Foretell next bills")),
    Job("billing.judge", _HOUR, judge_agreements, mark("Judge plans and promises")),
    Job("billing.late_fees", _HOUR, charge_late_fees, mark("Charge late fees")),
    *TELLING,
)
