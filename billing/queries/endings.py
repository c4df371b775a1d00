"""What of a customer's contracts ends when: the term, the fixed price, a guarantee, the tariff's own prices,
the supply itself. Sites are agreements that run or are to come, those where something ends first in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from types import MappingProxyType

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.web.words import mark

PAGE = 40
WINDOWS = (30, 90, 365)
"""Days ahead that are counted, and may be asked for."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "supply": mark("the supply ends"),
        "term": mark("the term ends"),
        "fixed": mark("the fixed price ends"),
        "guarantee": mark("the price guarantee ends"),
        "prices": mark("new prices begin"),
    }
)


@dataclass(frozen=True, slots=True)
class Ending:
    """kind: one of KINDS; on: the last day of it, or of new prices the first. say_by: of a term the last day
    on which an end can be told in time, None where no notice was agreed."""

    kind: str
    on: date
    say_by: date | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its contract. The days of ends are half-open (`ends_before`), all None where nothing was
    agreed. first_before: the earliest of those to come."""

    agreement_id: int
    service_point: str
    place: str
    account: str
    tariff: str
    kind: str
    starts_on: date
    ends_before: date | None
    term_before: date | None
    fixed_before: date | None
    guaranteed_before: date | None
    notice_days: int | None
    new_prices_on: date | None
    first_before: date | None

    @property
    def term_on(self) -> date | None:
        return _last(self.term_before)

    @property
    def fixed_on(self) -> date | None:
        return _last(self.fixed_before)

    @property
    def guaranteed_on(self) -> date | None:
        return _last(self.guaranteed_before)

    @property
    def key(self) -> str:
        """Of the page that begins after it."""
        return f"{self.first_before.isoformat() if self.first_before else ''}~{self.agreement_id}"

    def endings(self, today: date) -> list[Ending]:
        """What ends from today on, the earliest first."""
        return sorted(self._all(today), key=lambda one: one.on)

    def _all(self, today: date) -> list[Ending]:
        one_day = timedelta(days=1)
        days = {
            "supply": self.ends_before, "term": self.term_before, "fixed": self.fixed_before,
            "guarantee": self.guaranteed_before,
        }  # fmt: skip
        found = [
            Ending(kind, before - one_day, self._say_by(kind, before))
            for kind, before in days.items()
            if before is not None and before > today
        ]
        if self.new_prices_on is not None:
            found.append(Ending("prices", self.new_prices_on))
        return found

    def _say_by(self, kind: str, before: date) -> date | None:
        if kind != "term" or self.notice_days is None or self.ends_before is not None:
            return None
        return before - timedelta(days=1 + self.notice_days)


def _last(before: date | None) -> date | None:
    return None if before is None else before - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sites:
    """A page of them. every: how many there are; within: by WINDOWS, where something ends by then; following:
    the key of the page that follows, "" where none does."""

    rows: tuple[Site, ...]
    every: int
    within: Mapping[int, int]
    following: str

    @property
    def first(self) -> Site | None:
        """Where something ends first."""
        return next((one for one in self.rows if one.first_before is not None), None)


_SITES = text("""
    with coming as (
        select t.id, min(cast(v ->> 'starts_on' as date)) as on_day
        from tariffs t cross join lateral jsonb_array_elements(t.document -> 'versions') as v
        where t.id in (select g.tariff_id from agreements g join accounts a on a.id = g.account_id
                       where a.customer_id = :customer
                         and (g.ends_before is null or g.ends_before > :today))
          and cast(v ->> 'starts_on' as date) > :today
        group by t.id
    ), mine as (
        select g.id, s.code, concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')) as place,
               a.number, t.name as tariff, g.kind, g.starts_on, g.ends_before, g.term_ends_before,
               g.price_fixed_before, g.price_guaranteed_before, g.notice_days,
               case when g.ends_before is null or g.ends_before > coming.on_day then coming.on_day end
                   as new_prices_on,
               least(case when g.ends_before > :today then g.ends_before end,
                     case when g.term_ends_before > :today then g.term_ends_before end,
                     case when g.price_fixed_before > :today then g.price_fixed_before end,
                     case when g.price_guaranteed_before > :today then g.price_guaranteed_before end,
                     case when g.ends_before is null or g.ends_before > coming.on_day
                          then coming.on_day end) as first_before
        from agreements g
        join accounts a on a.id = g.account_id
        join service_points s on s.id = g.service_point_id
        join tariffs t on t.id = g.tariff_id
        left join premises p on p.id = s.premise_id
        left join coming on coming.id = g.tariff_id
        where a.customer_id = :customer and (g.ends_before is null or g.ends_before > :today)
    ), counted as (
        select count(*) as every, count(*) filter (where first_before <= :today + 30) as days_30,
               count(*) filter (where first_before <= :today + 90) as days_90,
               count(*) filter (where first_before <= :today + 365) as days_365
        from mine
    )
    select counted.*, page.* from counted left join (
        select * from mine
        where (cast(:within as int) is null or first_before <= :today + cast(:within as int))
          and (cast(:only as bigint) is null or id = :only)
          and (cast(:after_id as bigint) is null
               or (coalesce(first_before, 'infinity'), id)
                  > (coalesce(cast(:after_before as date), 'infinity'), :after_id))
        order by coalesce(first_before, 'infinity'), id limit :most
    ) as page on true
    order by coalesce(page.first_before, 'infinity'), page.id
""")


def sites_of(
    session: Session,
    customer_id: int,
    today: date,
    *,
    within: int | None = None,
    after: tuple[date | None, int] | None = None,
    only: int | None = None,
) -> Sites:
    """A page of a customer's sites in one statement, however many there are. within: only where something
    ends in so many days; after: the key of the last site of the page before; only: this agreement."""
    before, agreement_id = after if after is not None else (None, None)
    rows = session.execute(
        _SITES,
        {
            "customer": customer_id, "today": today, "within": within, "most": PAGE + 1,
            "after_before": before, "after_id": agreement_id, "only": only,
        },
    ).all()  # fmt: skip
    width = len(fields(Site))
    found = [Site(*row[4 : 4 + width]) for row in rows if row[4] is not None]
    every, *counts = rows[0][:4]
    shown = found[:PAGE]
    following = shown[-1].key if len(found) > PAGE else ""
    return Sites(tuple(shown), every, dict(zip(WINDOWS, counts, strict=True)), following)


def read_key(key: str) -> tuple[date | None, int] | None:
    """The key of a page as an address says it; None for what is none."""
    day, _, number = key.partition("~")
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        return None
    try:
        return (date.fromisoformat(day) if day else None, int(number))
    except ValueError:
        return None


def soonest(days: Sequence[date | None], today: date) -> date | None:
    """The first last day from today on, of days that are the first without."""
    return min((one - timedelta(days=1) for one in days if one is not None and one > today), default=None)
