"""A small house: customers with supply, tariffs, savings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

_MADE = """
insert into network_nodes (code, name, kind) values ('M', 'Moorside', 'area'), ('K', 'Kelder', 'area');
insert into customers (number, kind, name, segment, since, tags, language)
select 'S' || n, 'person', 'Customer ' || n, case when n % 4 = 0 then 'small_business' else 'household' end,
       date '2015-01-01' + n * 30, case when n % 5 = 0 then '{staff}'::text[] else '{}' end, 'en'
from generate_series(1, :n) n;
insert into premises (code, node_id, address, city, timezone)
select 'SP' || n, (select id from network_nodes where code = case when n % 3 = 0 then 'K' else 'M' end),
       n || ' Tannery Row', 'Kelder Bridge', 'Europe/London' from generate_series(1, :n) n;
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
select 'SA' || c.number, c.id, c.id, 1, 'GBP', '2020-01-01' from customers c where c.number like 'S%';
insert into occupancies (account_id, premise_id, starts_on)
select a.id, p.id, '2020-01-01' from customers c join accounts a on a.customer_id = c.id
join premises p on p.code = 'SP' || substr(c.number, 2);
insert into service_points (code, premise_id) select 'N' || code, id from premises where code like 'SP%';
insert into tariffs (code, name, currency, document) values
('steady', 'Steady', 'GBP', '{}'), ('day-night', 'Day & Night', 'GBP', '{}');
insert into agreements (account_id, service_point_id, tariff_id, starts_on)
select a.id, s.id, t.id, '2020-01-01' from accounts a join occupancies o on o.account_id = a.id
join service_points s on s.premise_id = o.premise_id join customers c on c.id = a.customer_id
join tariffs t on t.code = case when substr(c.number, 2)::int % 2 = 0 then 'steady' else 'day-night' end
where c.number like 'S%'
"""


@dataclass(frozen=True)
class House:
    """Ids of the customers by their place, 1 to `many`: every 2nd on Steady, 3rd in Kelder, 4th a business,
    5th of the staff."""

    ids: dict[int, int]

    def those(self, *, where: Callable[[int], bool]) -> list[int]:
        return sorted(self.ids[place] for place in self.ids if where(place))


@pytest.fixture
def house(session: Session) -> House:
    """Forty customers with supply since 2020."""
    return built(session, 40)


def built(session: Session, many: int) -> House:
    for statement in _MADE.split(";\n"):
        given = {"n": many} if ":n)" in statement else {}
        session.execute(text(statement.replace("::", "\\:\\:")), given)
    rows = session.execute(text("select id, number from customers where number like 'S%'"))
    return House({int(row.number[1:]): row.id for row in rows})


def on(day: str) -> date:
    return date.fromisoformat(day)
