"""A segment by a choice: how many in each area, say, and a mean of theirs. The 15/15 rule holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from fractions import Fraction

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid
from utility_crm.kit.facts import FactOffer
from utility_crm.segments.compiling import with_memory
from utility_crm.segments.domain.guarding import Group, Told, guarded, mean_of
from utility_crm.segments.members import SavedSegment, condition_of, limit
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import begun
from utility_crm.web.words import mark

USUAL = "area"


def may_divide(offer: FactOffer) -> bool:
    """Whether a segment may be told by this fact: few values, and nobody's need."""
    return offer.kind == "choice" and not offer.parameters and not offer.leave_out_only


def may_be_mean(offer: FactOffer) -> bool:
    """Whether a mean of this fact may be told."""
    return offer.kind in ("number", "money") and not offer.parameters and not offer.several


def broken_down(
    session: Session,
    one: SavedSegment,
    by: str,
    of: str,
    now: datetime,
    areas: Collection[int] | None = None,
) -> tuple[list[Told], Fraction | None]:
    """The segment by the fact `by`, with the mean of the fact `of` ("" for none), as it may be told, and the
    mean of all. A customer with two values counts in both. Raises Invalid for facts that cannot be
    asked so."""
    known = offers()
    if by not in known or not may_divide(known[by]):
        raise Invalid("segment_by", mark("A segment cannot be told by this."), "by")
    if of and (of not in known or not may_be_mean(known[of])):
        raise Invalid("segment_of", mark("There is no mean of this."), "of")
    compiler = begun(now)
    where = " and ".join([compiler.base(), condition_of(compiler, one), *limit(compiler, areas)])
    figure = compiler.rows(known[of], "") if of else "select cast(null as bigint), cast(null as numeric)"
    with_memory(session)
    sql = f"""
        with chosen as materialized (select c.id from customers c where {where}),
        figure as materialized (select f.customer_id, cast(f.value as numeric) as value
            from ({figure}) as f (customer_id, value) where f.value is not null),
        divided as (select distinct f.customer_id, f.value from ({compiler.rows(known[by], "")}) f)
        select coalesce(cast(d.value as text), ''), count(*), count(g.value), coalesce(sum(abs(g.value)), 0),
               coalesce(max(abs(g.value)), 0), coalesce(sum(g.value), 0)
        from chosen left join divided d on d.customer_id = chosen.id
        left join figure g on g.customer_id = chosen.id
        group by 1"""
    groups = [
        Group(value, customers, told, Fraction(total), Fraction(largest), Fraction(signed))
        for value, customers, told, total, largest, signed in session.execute(text(sql), compiler.bound)
    ]
    told = guarded(groups, several=known[by].several)
    hidden = of == "" or not told
    return told, None if hidden else mean_of(*groups)
