"""Loyalty points: what they are worth on a bill, redeemed once, taken back where that was a mistake. Never
commits.

Points come by accepted offers of campaigns. What is redeemed is a row below nought and a credit on an
account, booked under `points:ID` of that row; taken back, a row above nought and the same charged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, credit, reference_booked
from billing.domain.tariffs.file import default_decimals
from churn.campaigns.tables import LoyaltyPoint
from utility_crm.auth.audit import note_change
from utility_crm.kit.errors import Conflict, NotFound, Refused
from utility_crm.kit.gathering import listed
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class PointRow:
    """Points that came or went. campaign: whose offer brought them; credited_minor: what was credited for
    them, to which account; taken_back: that is undone."""

    id: int
    points: int
    at: datetime
    campaign: str
    credited_minor: int | None
    account: str | None
    taken_back: bool


POINTS = listed(
    """
    select p.id, p.points, p.at, coalesce(c.name, ''), -j.amount_minor, a.number,
           exists (select from adjustments b where b.reference = 'points-back:' || p.id)
    from loyalty_points p
    left join campaign_members m on m.id = p.member_id
    left join campaigns c on c.id = m.campaign_id
    left join adjustments j on p.points < 0 and j.reference = 'points:' || p.id
    left join accounts a on a.id = j.account_id
    where p.customer_id = :customer order by p.id desc
    """,
    PointRow,
)
"""Every row of `:customer`, the newest first."""
# Two statements: the sum sees what whoever held the customer before has written only if it begins after them.
_THEIRS_ALONE = text("select id from customers where id = :customer for update")
_HELD = text("select coalesce(sum(points), 0) from loyalty_points where customer_id = :customer")
_ACCOUNTS = text("""
    select id, number from accounts
    where customer_id = :customer and closed_on is null and currency = :currency order by opened_on, id
""")
_REDEEMED = text("""
    select p.points, j.amount_minor, j.account_id
    from loyalty_points p join adjustments j on j.reference = 'points:' || p.id
    where p.id = :row and p.customer_id = :customer and p.points < 0
""")
CHANGED = mark("Their points have changed since: look again.")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What was done: points, what they are in minor units, and on which account's balance."""

    points: int
    amount_minor: int


def worth_of(points: int) -> int | None:
    """Minor units of so many points, rounded down; None where nobody set what one is worth."""
    known = settings()
    if known.point_worth_micro is None:
        return None
    minor: int = points * known.point_worth_micro // 10 ** (6 - default_decimals(known.currency))
    return minor


def redeemable_accounts(session: Session, customer_id: int) -> Sequence[tuple[int, str]]:
    """(id, number) of the accounts that points can be credited to."""
    given = {"customer": customer_id, "currency": settings().currency}
    return [(row.id, row.number) for row in session.execute(_ACCOUNTS, given)]


def redeem_points(
    session: Session,
    customer_id: int,
    account: str,
    points: int,
    *,
    seen: int,
    words: str,
    today: date,
    now: datetime,
    by: int | None,
) -> Redeemed:
    """Credit points to an account of theirs. seen: the balance of points that whoever asks saw, so that the
    same form sent twice redeems once. words: the reason on the ledger.

    Raises NotFound, Conflict where the balance is another by now, Refused for more than there are or where
    they come to nothing.
    """
    held = _held(session, customer_id)
    if held != seen:
        raise Conflict("points_changed", CHANGED, "points")
    if points > held:
        raise Refused("points", mark("They have %(points)s points."), "points", points=held)
    amount = worth_of(points)
    if amount is None:
        raise Refused("no_worth", mark("Nobody set what a point is worth."), "points")
    if amount < 1:
        raise Refused("too_few", mark("So few points come to nothing."), "points")
    accounts = {number: key for key, number in redeemable_accounts(session, customer_id)}
    account_id = accounts.get(account)
    if account_id is None:
        raise NotFound("account", mark("They have no such account."), "account")
    row = LoyaltyPoint(customer_id=customer_id, points=-points, at=now)
    session.add(row)
    session.flush()
    credit(session, account_id, amount, Reason(f"points:{row.id}", words, today, by))
    note_change(session, customer_id, mark("loyalty points"), {"points": held}, {"points": held - points})
    return Redeemed(points, amount)


def _held(session: Session, customer_id: int) -> int:
    """Their points, with the customer locked to the end of the transaction. Raises NotFound."""
    if session.scalar(_THEIRS_ALONE, {"customer": customer_id}) is None:
        raise NotFound("customer", mark("There is no such customer."))
    return int(session.scalar(_HELD, {"customer": customer_id}) or 0)


def take_points_back(
    session: Session, customer_id: int, row_id: int, *, words: str, today: date, now: datetime, by: int | None
) -> Redeemed:
    """Undo a redemption: the points are theirs again, and what was credited is charged. Raises NotFound,
    Conflict where it is undone already."""
    held = _held(session, customer_id)
    found = session.execute(_REDEEMED, {"customer": customer_id, "row": row_id}).one_or_none()
    if found is None:
        raise NotFound("points", mark("Nothing was redeemed there."))
    reference = f"points-back:{row_id}"
    if reference_booked(session, reference):
        raise Conflict("taken_back", mark("It is taken back already."))
    credit(session, found.account_id, found.amount_minor, Reason(reference, words, today, by))
    session.add(LoyaltyPoint(customer_id=customer_id, points=-found.points, at=now))
    note_change(
        session, customer_id, mark("loyalty points"), {"points": held},
        {"points": held - found.points},
    )  # fmt: skip
    session.flush()
    return Redeemed(-found.points, -found.amount_minor)
