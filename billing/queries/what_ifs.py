"""What whole-base what-ifs have found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class KnownSaving:
    """What the newest what-if on a tariff says of an account; saving_minor below zero where it costs more."""

    tariff_code: str
    tariff: str
    currency: str
    own_minor: int
    other_minor: int
    verdict: str
    on_day: date
    computed_at: datetime

    @property
    def saving_minor(self) -> int:
        return self.own_minor - self.other_minor


KNOWN = listed(
    """
    select distinct on (w.tariff_id) t.code, t.name, w.currency, r.own_minor, r.other_minor, r.verdict,
           w.on_day, w.finished_at
    from what_if_results r
    join what_ifs w on w.id = r.what_if_id and w.finished_at is not null
    join tariffs t on t.id = w.tariff_id
    where r.account_id = :account and r.segment = any(w.offered_to)
      and not exists (select from agreements g where g.account_id = r.account_id and g.tariff_id = w.tariff_id
                      and g.starts_on <= :today and (g.ends_before is null or g.ends_before > :today))
    order by w.tariff_id, w.finished_at desc
    """,
    KnownSaving,
)
"""Of `:account` on `:today`: what `best_first` takes."""


def known_savings(session: Session, account_id: int, today: date) -> list[KnownSaving]:
    """The account on every tariff for its segment that a what-if has run on and that it is not on, the best
    first."""
    return list(best_first(session.execute(text(KNOWN.sql), {"account": account_id, "today": today})))


def best_first(rows: Iterable[Sequence[Any]]) -> tuple[KnownSaving, ...]:
    """What the last what-ifs say of one account, the best first."""
    known = (KnownSaving(*row) for row in rows)
    return tuple(sorted(known, key=lambda one: (-one.saving_minor, one.tariff_code)))


_STALE = text(
    """
    select t.code from tariffs t
    where exists (select from agreements g join accounts a on a.id = g.account_id
                  where a.currency = t.currency and g.starts_on <= :today
                    and (g.ends_before is null or g.ends_before > :today))
      and (select min(cast(v ->> 'starts_on' as date))
           from jsonb_array_elements(t.document -> 'versions') v) <= :today
      and not exists (select from what_ifs w where w.tariff_id = t.id and w.segment is null
                      and w.finished_at > :since and (w.started_at >= t.updated_at or t.updated_at > :now))
    order by t.code
    """
)


def tariffs_to_compare(session: Session, today: date, since: datetime, now: datetime) -> list[str]:
    """Codes of the tariffs in force, in a currency that somebody is billed in, on which no what-if of
    everybody has been run since, nor since they were changed."""
    return list(session.scalars(_STALE, {"today": today, "since": since, "now": now}))
