"""Issued bills made again from what is known now: in batches, by the same engine and the same rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from billing.corrections.candidates import IssuedBill
from billing.corrections.protected import billed_before
from billing.domain.accounts.back_billing import charged_from, limit_of
from billing.domain.accounts.budgets import CARRIED, carried
from billing.domain.accounts.correcting import LineTuple, Owed, not_charged, owed, share_of
from billing.domain.tariffs.file import default_decimals
from billing.drafting import Draft, Hold, draft_bills
from billing.queries.supplies import supplies

BATCH = 500
"""Bills of the same days rated together, as in a bill run."""


@dataclass(frozen=True, slots=True)
class Remade:
    """A bill and what it would be. draft None: nothing is left to be charged, or it is held.

    not_charged_minor: what the draft leaves out of use before `protected_before`.
    """

    bill: IssuedBill
    draft: Draft | None
    hold: Hold | None = None
    not_charged_minor: int = 0
    protected_before: date | None = None

    @property
    def after_minor(self) -> int:
        return self.draft.total_minor if self.draft else 0

    @property
    def after_micro_kwh(self) -> int:
        return sum(part.micro_kwh for part in self.draft.parts) if self.draft else 0

    @property
    def differs(self) -> bool:
        """Whether any line is another, or what it leaves to the next bill, or it cannot be made again."""
        if self.hold is not None:
            return True
        parts = self.draft.parts if self.draft else ()
        lines = tuple(line for part in parts for line in part.lines)
        return lines != self.bill.lines or self.leaves_else

    @property
    def leaves_else(self) -> bool:
        """Whether it leaves another credit, or other months to look back upon, to later bills."""
        parts = self.draft.parts if self.draft else ()
        left = frozenset((part.supply.agreement_id, row) for part in parts for row in part.credits)
        past = frozenset((part.supply.agreement_id, row) for part in parts for row in part.traces)
        return left != self.bill.credits or past != self.bill.traces


def remade(
    session: Session,
    bills: Sequence[IssuedBill],
    known_at: datetime,
    billed_on: date,
    country: str,
    subdivision: str = "",
) -> list[Remade]:
    """Each bill made again for its own days, from readings up to `known_at`, as if billed on a day.

    A constant number of statements for up to BATCH bills of the same days. What was used too long ago to be
    charged (`domain.accounts.back_billing`) stays as it was billed, where the new bill would charge more.
    """
    found: list[Remade] = []
    for batch in _batches(bills):
        drafts, holds = _drafts(session, batch, known_at)
        made = [Remade(bill, drafts.get(bill.account_id), holds.get(bill.account_id)) for bill in batch]
        limited = _limited(session, made, known_at, billed_on, (country, subdivision))
        found += [_as_budgeted(one) for one in limited]
    return found


def _batches(bills: Sequence[IssuedBill]) -> Iterator[list[IssuedBill]]:
    """Bills of the same days; of an account there is one of them."""
    of_days: dict[tuple[date, date], list[IssuedBill]] = {}
    for bill in bills:
        of_days.setdefault((bill.starts_on, bill.ends_before), []).append(bill)
    for _, mine in sorted(of_days.items()):
        for first in range(0, len(mine), BATCH):
            yield mine[first : first + BATCH]


def _drafts(
    session: Session, batch: Sequence[IssuedBill], known_at: datetime, ends_before: date | None = None
) -> tuple[dict[int, Draft], dict[int, Hold]]:
    """By account. Where ops let readings be filled, they may be again."""
    accounts = [bill.account_id for bill in batch]
    found = supplies(session, accounts, batch[0].starts_on, ends_before or batch[0].ends_before)
    released = {bill.account_id for bill in batch if bill.filled}
    drafts, holds = draft_bills(session, found, known_at, released)
    return {one.account_id: one for one in drafts}, {one.account_id: one for one in holds}


def _limited(
    session: Session,
    made: Sequence[Remade],
    known_at: datetime,
    billed_on: date,
    place: tuple[str, str],
) -> list[Remade]:
    """Those that charge more for protected days, with the lines that take it back. place: the utility's
    country and its part."""
    days = {one.bill.id: _protected(one, billed_on, *place) for one in made}
    parted: dict[date, list[Remade]] = {}
    for one in made:
        day = days[one.bill.id]
        if day is not None and day < one.bill.ends_before:
            parted.setdefault(day, []).append(one)
    more = {one.bill.id: _whole_difference(one) for one in made if days[one.bill.id]}
    for day, some in parted.items():
        then = billed_before(session, [one.bill for one in some], day)
        for one in some:
            if one.bill.id not in then:
                more[one.bill.id] = _by_days(one, day)
        some = [one for one in some if one.bill.id in then]
        if not some:
            continue
        drafts, _ = _drafts(session, [one.bill for one in some], known_at, day)
        for one in some:
            draft = drafts.get(one.bill.account_id)
            now = owed(draft.lines if draft else ())
            more[one.bill.id] = now.less(then[one.bill.id]).less(owed(_left_out(one.bill)))
    found = []
    for one in made:
        day = days[one.bill.id]
        found.append(one if day is None else _without(one, more[one.bill.id], day))
    return found


def _protected(one: Remade, billed_on: date, country: str, subdivision: str) -> date | None:
    """The day before which the bill's use is protected; None where none of it is, or it costs no more."""
    limit = limit_of(country, one.bill.segment, subdivision)
    charged = one.bill.total_minor - sum(line[7] for line in _budget_lines(one.bill))
    if limit is None or one.draft is None:
        return None
    if one.after_minor <= charged and not _left_out(one.bill):
        return None
    day = min(charged_from(limit, billed_on), one.bill.ends_before)
    return day if day > one.bill.starts_on else None


def _by_days(one: Remade, day: date) -> Owed:
    """The protected days' share of the difference, where they cannot be rated by themselves as billed."""
    days, all_days = (day - one.bill.starts_on).days, (one.bill.ends_before - one.bill.starts_on).days
    return share_of(_whole_difference(one), days, all_days)


def _whole_difference(one: Remade) -> Owed:
    lines = one.draft.lines if one.draft else ()
    return owed(lines).less(owed((*one.bill.lines, *_left_out(one.bill))))


def _left_out(bill: IssuedBill) -> tuple[LineTuple, ...]:
    """What the old bill, itself a corrected one, did not charge."""
    return tuple(line for line in bill.others if line[0] in ("discount", "tax"))


def _budget_lines(bill: IssuedBill) -> tuple[LineTuple, ...]:
    return tuple(line for line in bill.others if line[0] == "budget")


def _as_budgeted(one: Remade) -> Remade:
    """A fixed amount stays what it was, and what is carried changes; a settlement stays as it was."""
    lines = _budget_lines(one.bill)
    if not lines or one.draft is None:
        return one
    bill, more = one.bill, lines
    if lines[0][1] == CARRIED:
        decimals = default_decimals(bill.currency)
        days = (bill.starts_on, bill.ends_before)
        more = (carried(one.draft.total_minor, bill.total_minor, *days, bill.currency, decimals),)
    return replace(one, draft=replace(one.draft, others=(*one.draft.others, *more)))


def _without(one: Remade, more: Owed, day: date) -> Remade:
    assert one.draft is not None
    decimals = default_decimals(one.bill.currency)
    lines = not_charged(more, one.bill.starts_on, day, one.bill.currency, decimals)
    if not lines:
        return one
    draft = replace(one.draft, others=(*one.draft.others, *lines))
    return replace(one, draft=draft, not_charged_minor=more.total_minor, protected_before=day)
