"""Agreements whose term comes to its end, and what their customers would have saved on another tariff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.telling.queued import MOST

# Of the newest whole-base what-if of each tariff, the one that saves most beyond doubt (docs/what-if.md).
_ENDING = text("""
    select g.id, a.id, a.number, a.payer_id, a.currency, u.segment, t.name,
           coalesce(nullif(p.address, ''), s.code), g.term_ends_before - 1, g.starts_on,
           better.tariff, better.saving
    from agreements g
    join accounts a on a.id = g.account_id
    join customers u on u.id = a.customer_id
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    left join premises p on p.id = s.premise_id
    left join lateral (
        select o.name as tariff, r.own_minor - r.other_minor as saving
        from what_if_results r
        join what_ifs w on w.id = r.what_if_id and w.finished_at is not null
        join tariffs o on o.id = w.tariff_id
        where r.account_id = a.id and r.verdict = 'switch' and w.tariff_id <> g.tariff_id
          and w.currency = a.currency and r.segment = any(w.offered_to)
          and not exists (select from what_ifs n where n.tariff_id = w.tariff_id and n.id > w.id
                          and n.finished_at is not null
                          and (n.segment is null or n.segment = u.segment))
        order by saving desc, o.code limit 1
    ) better on true
    where g.kind = 'contract' and g.starts_on <= :today
      and g.term_ends_before > :today and g.term_ends_before <= :until
      and g.ends_before is null
      and not exists (select from outbox o where o.key = 'contract_ending:' || g.id || ':'
                                                         || to_char(g.term_ends_before - 1, 'YYYY-MM-DD'))
    order by g.term_ends_before, g.id limit :limit
""")
_UNTRUE = text("""
    select distinct o.about from outbox o
    where o.state = 'waiting' and o.notice = 'contract_ending'
      and not exists (select from agreements g
                      where o.about = 'term:' || g.id and g.ends_before is null
                        and g.term_ends_before - 1 = cast(o.context ->> 'last_on' as date))
""")


@dataclass(frozen=True, slots=True)
class EndingTerm:
    """An agreement and the last day of its term. better, saving_minor: the tariff on which a year of the
    account's own readings would have cost that much less beyond doubt; None where there is none."""

    agreement_id: int
    account_id: int
    account: str
    payer_id: int
    currency: str
    segment: str
    tariff: str
    place: str
    last_on: date
    starts_on: date
    better: str | None
    saving_minor: int | None


def ending_terms(session: Session, today: date, *, within_days: int) -> tuple[EndingTerm, ...]:
    """Terms that end in the next days, today among them, whose customers were not told; supply that is booked
    to end is left out. One statement."""
    given = {"today": today, "until": today + timedelta(days=within_days + 1), "limit": MOST}
    return tuple(EndingTerm(*row) for row in session.execute(_ENDING, given))


def terms_no_longer_true(session: Session) -> list[str]:
    """What waiting notices are about whose term is another by now, or whose supply is booked to end."""
    return list(session.scalars(_UNTRUE))
