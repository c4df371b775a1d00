"""What was owed before a bill, as the books stood when it was issued: for many bills in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """An account just before a bill, minor units. before: owed, negative is in the customer's favour; late:
    of it, past its day; fees: of it, charged as fees since the bill before."""

    before_minor: int = 0
    late_minor: int = 0
    fees_minor: int = 0

    def asked_minor(self, total_minor: int) -> int:
        """What is asked for with a bill: less what was in the customer's favour, if that is not more."""
        return max(0, total_minor + min(0, self.before_minor)) if total_minor > 0 else 0

    def plus(self, other: Standing) -> Standing:
        return Standing(
            self.before_minor + other.before_minor,
            self.late_minor + other.late_minor,
            self.fees_minor + other.fees_minor,
        )


# Entries count by the day they were posted on, those of the bill's own day if they were there before it. What
# is late is what is owed beyond the bills that are not due yet: money pays the oldest first.
_STANDING = text(
    """
    select b.id, cast(coalesce(e.owed, 0) as bigint),
           cast(greatest(0, coalesce(e.owed, 0) - greatest(0, coalesce(n.coming, 0))) as bigint),
           cast(coalesce(e.fees, 0) as bigint)
    from bills b
    left join lateral (
        select min(id) as first from ledger_entries where bill_id = b.id
    ) o on true
    left join lateral (
        select max(issued_on) as issued_on from bills p
        where p.account_id = b.account_id and p.id < b.id and p.issued_on < b.issued_on
    ) p on true
    left join lateral (
        select sum(case when l.debit = 'receivable' then l.amount_minor else -l.amount_minor end) as owed,
               sum(case when l.debit = 'fees' then -l.amount_minor when l.credit = 'fees' then l.amount_minor
                   else 0 end) filter (where l.posted_on >= p.issued_on) as fees
        from ledger_entries l
        where l.account_id = b.account_id and 'receivable' in (l.debit, l.credit)
          and (l.posted_on < b.issued_on or (l.posted_on = b.issued_on and l.id < o.first))
    ) e on true
    left join lateral (
        select sum(c.total_minor) as coming from bills c
        where c.account_id = b.account_id and c.id < b.id and c.due_on >= b.issued_on
          and not exists (select from credit_notes k where k.bill_id = c.id and k.issued_on <= b.issued_on)
    ) n on true
    where b.id = any(:ids)
    """
)


def standings(session: Session, bill_ids: Sequence[int]) -> dict[int, Standing]:
    """Of each bill by its id."""
    rows = session.execute(_STANDING, {"ids": list(bill_ids)})
    return {row[0]: Standing(*row[1:]) for row in rows}
