"""The balance as ops looks at it: nodes by what is lost, and one node's days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_SHORT = 0.05
"""A day on which a greater share of the channels lacks readings says nothing about losses."""


@dataclass(frozen=True, slots=True)
class BalanceDay:
    """One metered node's day. Energies are micro-kWh; `short` channels lack readings and count with the mean
    of their fortnight before."""

    day: date
    input_micro: int
    supplied_micro: int
    channels: int
    short: int

    @property
    def whole(self) -> bool:
        return self.short <= MOST_SHORT * self.channels

    @property
    def lost_micro(self) -> int:
        return self.input_micro - self.supplied_micro

    @property
    def share(self) -> float | None:
        """Lost of what came in; None where nothing came, or too many readings are missing."""
        return self.lost_micro / self.input_micro if self.whole and self.input_micro > 0 else None


@dataclass(frozen=True, slots=True)
class NodeBalance:
    """One metered node over a time; its sums are of the days that are whole."""

    node_id: int
    code: str
    name: str
    kind: str
    area: str
    days: tuple[BalanceDay, ...]

    @property
    def whole_days(self) -> list[BalanceDay]:
        return [day for day in self.days if day.whole]

    @property
    def input_micro(self) -> int:
        return sum(day.input_micro for day in self.whole_days)

    @property
    def lost_micro(self) -> int:
        return sum(day.lost_micro for day in self.whole_days)

    @property
    def share(self) -> float | None:
        """Lost of what came in on the whole days; None where there is none."""
        return self.lost_micro / self.input_micro if self.input_micro > 0 else None


_BALANCES = text("""
with recursive roots (node_id, area) as (
    select id, name from network_nodes where parent_id is null
    union all
    select n.id, roots.area from network_nodes n join roots on n.parent_id = roots.node_id
)
select e.node_id, n.code, n.name, n.kind, roots.area,
       e.day, e.input_micro, e.supplied_micro, e.channels, e.short
from energy_balances e
join network_nodes n on n.id = e.node_id
join roots on roots.node_id = e.node_id
where e.day between :first and :last
order by e.node_id, e.day
""")


def node_balances(session: Session, first: date, last: date) -> list[NodeBalance]:
    """Metered nodes, those first that lose the greatest share; those without a whole day last."""
    nodes: dict[int, tuple[tuple[str, str, str, str], list[BalanceDay]]] = {}
    for row in session.execute(_BALANCES, {"first": first, "last": last}):
        about = (row.code, row.name, row.kind, row.area)
        day = BalanceDay(row.day, row.input_micro, row.supplied_micro, row.channels, row.short)
        nodes.setdefault(row.node_id, (about, []))[1].append(day)
    found = [NodeBalance(node, *about, tuple(days)) for node, (about, days) in nodes.items()]
    return sorted(found, key=lambda one: (one.share is None, -(one.share or 0.0), one.code))
