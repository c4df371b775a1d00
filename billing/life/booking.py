"""What somebody tells us of a supply, done and kept on record: it ends, begins, or changes its tariff.

The edges (pages, commands) come here; `moving` and `actions.agreements` do it. A day that is likely a slip is
asked back about, here as a Conflict that `sure` answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.actions.agreements import AgreementKind, EndReason, change_tariff
from billing.actions.issuing import lock_accounts
from billing.domain.accounts.doubtful_days import doubt_of
from billing.domain.accounts.postal_address import REASONS, NoAddress, address_lines
from billing.life.moving import MovedOut, move_in, move_out
from billing.queries.choices import check_eligible
from billing.tables import Agreement, ForwardingAddress, SupplyChange, Tariff
from utility_crm.customers.noting import note_account_change
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark

SUPPLY = mark("supply")


@dataclass(frozen=True, slots=True)
class Telling:
    """When something is told, and to whom of us. sure: a day that looks like a slip is meant."""

    today: date
    now: datetime
    by: int | None = None
    sure: bool = False

    def of(self, kind: Literal["end", "tariff", "begin"], day: date) -> None:
        """Raises Conflict for a day that is likely a slip."""
        doubt = "" if self.sure else doubt_of(kind, day, self.today)
        if doubt:
            words = (
                f"{day} is {_apart(day, self.today)} {'ahead' if doubt == 'ahead' else 'ago'}: is it meant?"
            )
            raise Conflict("far_day", words, "day")


def end_supply(
    session: Session,
    agreement_id: int,
    ends_before: date,
    reason: EndReason,
    told: Telling,
    *,
    correct: bool = False,
    forward_to: str = "",
) -> MovedOut:
    """End a supply before a day, as `moving.move_out` does; who told it stays on record.

    forward_to: the postal address of the last bill, as typed; none where it is not known. Raises as that,
    Invalid for an address that is none, Conflict for a day that is likely a slip.
    """
    told.of("end", ends_before - timedelta(days=1))
    agreement = session.get(Agreement, agreement_id)
    if agreement is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    lines = read_address(forward_to) if forward_to.strip() else ()
    again = (agreement.ends_before, agreement.end_reason) == (ends_before, reason)
    if lines:  # before the final bill is made: it goes there
        lock_accounts(session, [agreement.account_id])
        forward_post(session, agreement.account_id, lines, ends_before, told)
    done = move_out(
        session, agreement_id, ends_before, reason, today=told.today, now=told.now, correct=correct
    )
    if not again:
        _note(session, "end", agreement, told, ends_before, ended=agreement, reason=reason)
    return done


def switch_tariff(
    session: Session,
    agreement_id: int,
    tariff_id: int,
    starts_on: date,
    told: Telling,
    *,
    correct: bool = False,
) -> Agreement:
    """Another tariff from a day on, as `change_tariff` does; who told it stays on record. Raises as that,
    Refused for a tariff that is not for this supply, and Conflict for a day that is likely a slip."""
    told.of("tariff", starts_on)
    old = session.get(Agreement, agreement_id)
    if old is None:
        raise NotFound("agreement", mark("There is no such agreement."))
    lock_accounts(session, [old.account_id])
    check_eligible(session, old.account_id, old.service_point_id, tariff_id, starts_on)
    made = change_tariff(session, agreement_id, tariff_id, starts_on, correct=correct)
    _note(session, "tariff", made, told, starts_on, ended=old, began=made)
    return made


def begin_supply(
    session: Session,
    account_id: int,
    service_point_id: int,
    tariff_id: int,
    starts_on: date,
    told: Telling,
    *,
    kind: AgreementKind = "contract",
    correct: bool = False,
) -> Agreement:
    """Supply begins at a place, as `moving.move_in` does; who told it stays on record. Raises as that,
    Refused for a tariff that is not for it, and Conflict for a day that is likely a slip."""
    told.of("begin", starts_on)
    if kind == "contract":  # a deemed one is the law's
        check_eligible(session, account_id, service_point_id, tariff_id, starts_on)
    made = move_in(session, account_id, service_point_id, tariff_id, starts_on, kind=kind, correct=correct)
    before = session.scalars(
        select(Agreement).where(
            Agreement.service_point_id == service_point_id,
            Agreement.ends_before == starts_on,
            Agreement.kind == "deemed",
        )
    ).one_or_none()
    _note(session, "begin", made, told, starts_on, ended=before, began=made)
    return made


def forward_post(
    session: Session, account_id: int, lines: tuple[str, ...], starts_on: date, told: Telling
) -> ForwardingAddress:
    """Where the account's last bill goes, from a day on; what was said before stays on record."""
    made = ForwardingAddress(
        account_id=account_id, address="\n".join(lines), starts_on=starts_on, told_at=told.now,
        told_by=told.by,
    )  # fmt: skip
    session.add(made)
    session.flush()
    note_account_change(
        session, account_id, mark("address for the last bill"), None, {"address": lines, "from": starts_on}
    )
    return made


ADDRESS_WORDS = (
    mark("An address has a street and a town, on two lines or parted by a comma."),
    mark("An address has at most %(most)s lines."),
    mark("A line of an address has at most %(most)s characters: “%(line)s”"),
    mark("“%(line)s” is no line of an address."),
)
assert ADDRESS_WORDS == REASONS


def read_address(typed: str) -> tuple[str, ...]:
    """The lines of an address. Raises Invalid; its words are among ADDRESS_WORDS."""
    try:
        return address_lines(typed)
    except NoAddress as error:
        raise Invalid("address", error.reason, "forward_to", **error.values) from error


def _note(
    session: Session,
    kind: Literal["end", "tariff", "begin"],
    of: Agreement,
    told: Telling,
    effective_on: date,
    *,
    ended: Agreement | None = None,
    began: Agreement | None = None,
    reason: str | None = None,
) -> None:
    session.add(
        SupplyChange(
            kind=kind,
            account_id=of.account_id,
            service_point_id=of.service_point_id,
            agreement_id=ended.id if ended else None,
            next_agreement_id=began.id if began else None,
            from_tariff_id=ended.tariff_id if ended else None,
            to_tariff_id=began.tariff_id if began else None,
            effective_on=effective_on,
            end_reason=reason,
            told_at=told.now,
            told_by=told.by,
        )
    )
    session.flush()
    of_these = Tariff.id.in_([one.tariff_id for one in (ended, began) if one is not None])
    codes = {row[0]: row[1] for row in session.execute(select(Tariff.id, Tariff.code).where(of_these))}
    after = {"on": effective_on, "tariff": codes[began.tariff_id] if began else None, "reason": reason}
    before = {"tariff": codes[ended.tariff_id]} if ended else None
    note_account_change(session, of.account_id, SUPPLY, before, after)


def _apart(day: date, today: date) -> str:
    days = abs((day - today).days)
    if days >= 730:
        return f"{days // 365} years"
    return f"{days // 30} months" if days >= 60 else f"{days} days"
