"""Facts kept and read by name; who works them out is nobody's business here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

_FORGET = text(
    "delete from fact_values where fact = :fact and parameter = :parameter "
    "and not customer_id = any(cast(:customers as bigint[])) "
    "and (cast(:among as bigint[]) is null or customer_id = any(cast(:among as bigint[])))"
)
_KEEP = text(
    "insert into fact_values (fact, parameter, customer_id, value, computed_at) "
    "select :fact, :parameter, v.customer_id, v.value, :now "
    "from unnest(cast(:customers as bigint[]), cast(:amounts as numeric[])) as v(customer_id, value) "
    "on conflict (fact, parameter, customer_id) do update "
    "set value = excluded.value, computed_at = excluded.computed_at"
)
_AGED = text(
    "insert into fact_ages (fact, parameter, computed_at, customers) "
    "select :fact, :parameter, :now, count(*) from fact_values where fact = :fact and parameter = :parameter "
    "on conflict (fact, parameter) do update set customers = excluded.customers, computed_at = "
    "case when :whole then excluded.computed_at else fact_ages.computed_at end"
)
_ELSE = text(
    "with gone as ("
    "delete from fact_values where fact = :fact and not parameter = any(cast(:kept as text[]))) "
    "delete from fact_ages where fact = :fact and not parameter = any(cast(:kept as text[]))"
)
_OF = text(
    "select parameter, value, computed_at from fact_values "
    "where fact = :fact and customer_id = :customer order by parameter"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a fact with a parameter."""

    parameter: str
    value: Decimal
    computed_at: datetime


def keep_fact(
    session: Session,
    fact: str,
    parameter: str,
    values: Mapping[int, int] | Mapping[int, Decimal],
    now: datetime,
    *,
    among: list[int] | None = None,
) -> None:
    """Store a fact by customer. Who is not in `values` becomes unknown: everybody, or of those `among`. Its
    age is that of the last time everybody was asked about."""
    customers = sorted(values)
    given = {"fact": fact, "parameter": parameter, "customers": customers}
    session.execute(_FORGET, {**given, "among": among})
    amounts = [Decimal(values[one]) for one in customers]
    session.execute(_KEEP, {**given, "amounts": amounts, "now": now})
    aged = {"fact": fact, "parameter": parameter, "now": now, "whole": among is None}
    session.execute(_AGED, aged)


def keep_parameters(session: Session, fact: str, kept: Sequence[str]) -> None:
    """Forget what is kept of a fact by any other parameter: nobody may ask about those any more."""
    session.execute(_ELSE, {"fact": fact, "kept": list(kept)})


def facts_of(session: Session, fact: str, customer_id: int) -> tuple[Fact, ...]:
    """A customer's values of one fact, by parameter."""
    return tuple(Fact(*row) for row in session.execute(_OF, {"fact": fact, "customer": customer_id}))
