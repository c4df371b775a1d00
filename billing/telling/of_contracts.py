"""What the clock calls to tell customers of new prices and of terms that end, in the time that the law of the
place, or the supplier, gives them (`notifications.domain.lead_time`); telling late is told to ops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from billing.domain.tariffs.eligibility import SEGMENTS
from billing.telling.new_prices import (
    NewPrices,
    accounts_on,
    new_prices,
    no_longer_announced,
    years_of_use,
)
from billing.telling.queued import Slice, Slices, apart, day_is_over
from billing.telling.terms import EndingTerm, ending_terms, terms_no_longer_true
from notifications.delivery.staff import tell_staff
from notifications.domain.lead_time import LeadTime, Matter, days_late, lead_time, tell_by, tell_from
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all, take_back
from notifications.types.contract_ending import Better, contract_ending
from notifications.types.tariff_change import tariff_change
from notifications.working_days import free_days
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

SPARE_DAYS = 7
"""Days before the last one in time on which telling begins: what one channel refuses can go another way."""
SLICE = 250

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class When:
    """The rule for a segment, and what it comes to for what happens on a day."""

    rule: LeadTime
    first: date
    last: date
    late: int


def when(matter: Matter, segment: str, on: date, today: date) -> When:
    """When customers of a segment are told, by the law of the supplier's place."""
    known = settings()
    rule = lead_time(matter, known.country, known.subdivision, segment)
    free: Collection[date] = free_days(known.country, known.subdivision, on) if rule.working else ()
    return When(
        rule,
        tell_from(rule, on, free, spare=SPARE_DAYS),
        tell_by(rule, on, free),
        days_late(rule, on, today, free),
    )


def tell_of_new_prices(session: Session, now: datetime, slices: Slices = apart) -> str:
    """Every payer on a tariff whose prices change hears of it in time, with what it means for their own use.
    Each slice of accounts is a unit of work of its own. Ops hear of those told too late."""
    today = utility_today(now)
    changes = new_prices(session, today)
    take_back(session, no_longer_announced(session, changes), now)
    told = Slice(None)
    for change in changes:
        times = {segment: when("tariff_change", segment, change.starts_on, today) for segment in SEGMENTS}
        done = slices(session, partial(_tell, change=change, times=times, today=today, now=now))
        _say_late(session, change, times, Counter(done.late), now)
        told = told.then(done)
    return said(
        mark("%(queued)s queued of %(found)s accounts with new prices, %(late)s of them late"),
        queued=told.queued,
        found=told.looked,
        late=len(told.late),
    )


def _tell(
    session: Session, after: int, *, change: NewPrices, times: Mapping[str, When], today: date, now: datetime
) -> Slice:
    due = [segment for segment, time in times.items() if time.first <= today]
    some = accounts_on(session, change, due, after, SLICE) if due else []
    if not some:
        return Slice(None)
    years = years_of_use(session, change, [one.account_id for one in some], today)
    notices = [
        tariff_change(
            customer_id=one.payer_id,
            account_id=one.account_id,
            account=one.account,
            change=change.name,
            tariff=change.new.name,
            place=one.places,
            currency=change.new.currency,
            starts_on=change.starts_on,
            prices=change.prices,
            year=years.get(one.account_id),
            useful_before=day_is_over(change.starts_on, today, now),
        )
        for one in some
    ]
    queued = queue_all(session, notices, now)
    # Who came to the tariff after the last day in time could not be told before.
    late = tuple(
        one.segment for one in some if times[one.segment].late and one.since <= times[one.segment].last
    )
    return Slice(some[-1].account_id, len(some), sum(one.outcome == "queued" for one in queued), late)


def tell_of_ending_terms(session: Session, now: datetime) -> str:
    """Every payer whose contract's term ends hears of it in time."""
    today = utility_today(now)
    take_back(session, terms_no_longer_true(session), now)
    notices, late = [], []
    for one in ending_terms(session, today, within_days=90):
        time = when("contract_ending", one.segment, one.last_on, today)
        if today < time.first:
            continue
        notices.append(_ending(one, today, now))
        if time.late and one.starts_on <= time.last:
            late.append(f"{one.account}: {time.late} days, by {time.rule.source}")
    if late:
        key = f"billing.ending_terms:{today.isoformat()}"
        tell_staff(session, key, f"Terms that end: {len(late)} told late", "\n".join(late[:50]), now)
    queued = queue_all(session, notices, now)
    told = sum(one.outcome == "queued" for one in queued)
    return said(
        mark("%(queued)s queued of %(found)s terms that end, %(late)s of them late"),
        queued=told,
        found=len(notices),
        late=len(late),
    )


def _ending(one: EndingTerm, today: date, now: datetime) -> NewNotice:
    better = None
    if one.better is not None and one.saving_minor is not None:
        better = Better(one.better, one.saving_minor)
    return contract_ending(
        customer_id=one.payer_id,
        account_id=one.account_id,
        account=one.account,
        tariff=one.tariff,
        place=one.place,
        agreement_id=one.agreement_id,
        currency=one.currency,
        last_on=one.last_on,
        better=better,
        useful_before=day_is_over(one.last_on, today, now),
    )


def _say_late(
    session: Session, change: NewPrices, times: Mapping[str, When], late: Counter[str], now: datetime
) -> None:
    if not late:
        return
    lines = [
        f"{segment}: {count} accounts hear of it {times[segment].late} days late; "
        f"they had to by {times[segment].last} ({times[segment].rule.source})"
        for segment, count in sorted(late.items())
    ]
    key = f"billing.new_prices:{change.name}:{utility_today(now).isoformat()}"
    subject = f"New prices of {change.new.name} from {change.starts_on}: told late"
    tell_staff(session, key, subject, "\n".join(lines), now)


JOBS = (
    Job("billing.tell_of_new_prices", _DAY, tell_of_new_prices, mark("Tell of new prices")),
    Job("billing.tell_of_ending_terms", _DAY, tell_of_ending_terms, mark("Tell of terms that end")),
)
