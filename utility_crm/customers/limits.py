"""Whose customers a person may see: those of their areas, or everybody's.

A customer is of an area if an account they hold is or was at a premise there. Who has no premise is seen by
people without a limit alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.tables import Account, Occupancy
from utility_crm.network.tables import NetworkNode, Premise

NODES = """select n.id from network_nodes n left join network_nodes f on f.id = n.parent_id
    where n.id = any(:area_ids) or n.parent_id = any(:area_ids) or f.parent_id = any(:area_ids)"""
"""SQL of all nodes of the areas: an area, its feeders, their transformers (the schema knows no more)."""
THEIRS = f"""exists (select from accounts a join occupancies o on o.account_id = a.id
    join premises p on p.id = o.premise_id where a.customer_id = ({{customer}}) and p.node_id in ({NODES}))"""
"""SQL condition that a customer is of the areas."""

AMONG = 40
"""Times as many hits of a search are looked through for somebody who may see some areas only."""


def nodes_of(area_ids: Iterable[int]) -> Select[int]:
    """The ids of all nodes of these areas."""
    ids, above = list(area_ids), aliased(NetworkNode)
    return (
        select(NetworkNode.id)
        .outerjoin(above, above.id == NetworkNode.parent_id)
        .where(or_(NetworkNode.id.in_(ids), NetworkNode.parent_id.in_(ids), above.parent_id.in_(ids)))
    )


def seen_by(
    user: SignedIn, customer_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None]
) -> ColumnElement[bool]:
    """Condition that this person may see the customer of a row; always true for most people."""
    if not user.area_ids:
        return true()
    return (
        select(Account.id)
        .join(Occupancy, Occupancy.account_id == Account.id)
        .join(Premise, Premise.id == Occupancy.premise_id)
        .where(Account.customer_id == customer_id, Premise.node_id.in_(nodes_of(user.area_ids)))
        .exists()
    )


def those_seen(session: Session, user: SignedIn, customer_ids: Iterable[int]) -> set[int]:
    """Of these customers, those the person may see. It asks the database only for people with a limit."""
    ids = set(customer_ids)
    if not user.area_ids or not ids:
        return ids
    found = (
        select(Account.customer_id)
        .join(Occupancy, Occupancy.account_id == Account.id)
        .join(Premise, Premise.id == Occupancy.premise_id)
        .where(Account.customer_id.in_(ids), Premise.node_id.in_(nodes_of(user.area_ids)))
        .distinct()
    )
    return set(session.scalars(found))
