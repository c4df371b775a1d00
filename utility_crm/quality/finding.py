"""Customers who may be one: candidates by the database, in sets; how alike they are, by `domain.likeness`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.quality.domain.likeness import Both, likeness

MOST_TOGETHER = 12
"""A number or a place that more customers share is an agent's or a house's, and says nothing."""

# Who has lived at a place, or shares a way to be reached: never all pairs. Places are compared as they are
# written, since a household that is kept twice may have its premise twice, too. Whose names share no word and
# few trigrams are left out before anything is scored.
_CANDIDATES = text(r"""
with said as (
    select kind, normal, min(customer_id) as lowest, array_agg(distinct customer_id) as ids
    from contact_points where kind in ('phone', 'email') and normal <> ''
    group by kind, normal having count(distinct customer_id) between 2 and :most
), living as (
    select distinct a.customer_id, search_fold(p.address) as address,
        lower(replace(p.postcode, ' ', '')) as postcode, lower(p.city) as city
    from accounts a join occupancies o on o.account_id = a.id join premises p on p.id = o.premise_id
    where p.address <> ''
), housed as (
    select address, postcode, city, array_agg(customer_id) as ids from living
    group by address, postcode, city having count(*) between 2 and :most
), shared as (
    select kind as what, ids from said union all select 'place', ids from housed
), pairs as (
    select one.id as a, other.id as b, bool_or(what = 'phone') as phone, bool_or(what = 'email') as email,
        bool_or(what = 'place') as place
    from shared, unnest(ids) as one(id), unnest(ids) as other(id)
    where one.id < other.id group by 1, 2
)
select pairs.*, btrim(regexp_replace(search_fold(one.name), '[\W_]+', ' ', 'g')) as one,
    btrim(regexp_replace(search_fold(other.name), '[\W_]+', ' ', 'g')) as other
from pairs join customers one on one.id = a join customers other on other.id = b
join customer_words mine on mine.customer_id = a join customer_words theirs on theirs.customer_id = b
where one.kind = other.kind and one.merged_into_id is null and other.merged_into_id is null
  and one.erased_on is null and other.erased_on is null
  and (mine.words && theirs.words or similarity(one.name, other.name) > 0.3)
order by a, b
""")
_KEEP = text("""
    with told as (
        select * from jsonb_to_recordset(cast(:found as jsonb))
            as t(a bigint, b bigint, score double precision, reasons jsonb)
    ), gone as (
        delete from duplicate_pairs p where state = 'open'
            and not exists (select from told where a = customer_a and b = customer_b)
        returning 1
    ), kept as (
        insert into duplicate_pairs as p (customer_a, customer_b, score, reasons, found_at)
        select a, b, score, reasons, :now from told
        on conflict (customer_a, customer_b) do update set score = excluded.score, reasons = excluded.reasons
        where p.state = 'open' and (p.score, p.reasons) is distinct from (excluded.score, excluded.reasons)
        returning xmax = 0 as new
    )
    select (select count(*) from kept where new), (select count(*) from gone),
        (select count(*) from duplicate_pairs p join told on a = customer_a and b = customer_b
            where state = 'open')
""")


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search for duplicates came to: pairs looked at and likely, of those new, and open pairs that are
    no longer alike."""

    looked_at: int
    likely: int
    new: int
    gone: int


def find_duplicates(session: Session, now: datetime) -> Sought:
    """Keep every likely pair, open until a person decides. What was said to be different stays so, whatever
    they share; open pairs that are no longer alike go."""
    rows = session.execute(_CANDIDATES, {"most": MOST_TOGETHER}).all()
    found = []
    for row in rows:
        alike = likeness(Both(row.one, row.other, row.phone, row.email, row.place))
        if alike is not None:
            reasons = [asdict(reason) for reason in alike.reasons]
            found.append({"a": row.a, "b": row.b, "score": alike.score, "reasons": reasons})
    new, gone, _open = session.execute(_KEEP, {"found": json.dumps(found), "now": now}).one()
    return Sought(len(rows), len(found), new, gone)
