"""What was told of supplies, when, to whom, and what of it was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One thing that was told: kind `end`, `tariff` or `begin`, from `effective_on` on. told_at None: it came
    by a file. forward_to: where the last bill was to go, on one line."""

    id: int
    kind: str
    effective_on: date
    place: str
    from_tariff: str | None
    to_tariff: str | None
    end_reason: str | None
    told_at: datetime | None
    told_by: str | None
    taken_back_at: datetime | None
    taken_back_by: str | None
    taken_back_because: str | None
    forward_to: str | None
    next_agreement_id: int | None

    @property
    def taken_back(self) -> bool:
        return self.taken_back_at is not None


CHANGES = listed(
    """
    select c.id, c.kind, c.effective_on, coalesce(p.address, s.code), tf.name, tt.name, c.end_reason,
           c.told_at, u.name, c.taken_back_at, v.name, c.taken_back_because,
           (select replace(f.address, chr(10), ', ') from forwarding_addresses f
            where c.kind = 'end' and f.account_id = c.account_id and f.starts_on = c.effective_on
              and f.told_at = c.told_at
            order by f.id desc limit 1), c.next_agreement_id
    from supply_changes c
    join accounts a on a.id = c.account_id
    join service_points s on s.id = c.service_point_id
    left join premises p on p.id = s.premise_id
    left join tariffs tf on tf.id = c.from_tariff_id
    left join tariffs tt on tt.id = c.to_tariff_id
    left join users u on u.id = c.told_by
    left join users v on v.id = c.taken_back_by
    where a.customer_id = :customer
    order by c.id desc
    """,
    ChangeRow,
)
"""Of the own accounts of `:customer`, the newest first."""
