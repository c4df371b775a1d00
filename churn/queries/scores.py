"""The chance of one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from churn.queries.reasons import StoredReason, reasons_of
from utility_crm.kit.gathering import listed_kinds


@dataclass(frozen=True, slots=True)
class CustomerScore:
    """The latest chance of one customer, the usual one (the mean of everybody's), and why it is not that.

    overdue_now_minor: what is overdue today, which may have been paid since the chance was reckoned.
    unanswered_now: how many complaints of before that morning still wait for their answer. hazard: when they
    may leave (`churn.domain.survival.MonthlyHazard`), None where too few have left to tell.
    """

    score: float
    usual: float
    as_of: date
    reasons: tuple[StoredReason, ...]
    overdue_now_minor: int
    unanswered_now: int
    hazard: Mapping[str, Any] | None = None


SCORE = listed_kinds(
    """
    select k.score, r.usual, k.as_of, k.reasons,
           coalesce((select cast(sum(b.open_minor) as bigint) from bills b
                     join accounts a on a.id = b.account_id
                     where a.customer_id = k.customer_id and b.status = 'issued' and b.open_minor > 0
                       and b.due_on < :today), 0),
           (select count(*) from contacts c where c.customer_id = k.customer_id and c.complaint
                                              and c.answered_at is null and c.at < k.as_of),
           m.figures#>'{survival,hazard}'
    from churn_scores k join churn_runs r on r.as_of = k.as_of join churn_models m on m.id = k.model_id
    where k.customer_id = :customer
    """,
    float, float, date, list, int, int, dict,
)  # fmt: skip
"""The latest chance of `:customer`, with what is overdue `:today` and unanswered; nothing for somebody never
scored."""


def customer_score(row: Sequence[Any]) -> CustomerScore:
    """A row of SCORE."""
    return CustomerScore(row[0], row[1], row[2], reasons_of(row[3]), row[4], row[5], row[6])
