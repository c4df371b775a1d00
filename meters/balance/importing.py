"""The meters' own column of the network file: `service_point`, the meter of a node itself."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import any_, delete, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from meters.tables import NodeMeter, ServicePoint
from utility_crm.kit.table_file import Problem
from utility_crm.network.importing import NetworkColumns, NodeIds


def place_node_meters(session: Session, rows: Sequence[NodeIds]) -> tuple[set[int], list[Problem]]:
    """Hang service points on the nodes they measure; one that nobody knows is made.

    A node whose cell is empty keeps the meter it has. A service point measures one node, or a premise, never
    both.
    """
    wanted = {item.node_id: item.row for item in rows if item.row.others.get("service_point")}
    codes = [row.others["service_point"] for row in wanted.values()]
    if codes:
        made = insert(ServicePoint).on_conflict_do_nothing()
        session.execute(made, [{"code": code} for code in sorted(set(codes))])
    among = ServicePoint.code == any_(literal(codes, ARRAY(Text())))
    points = {
        code: (identity, premise)
        for code, identity, premise in session.execute(
            select(ServicePoint.code, ServicePoint.id, ServicePoint.premise_id).where(among)
        )
    }
    by_node = dict(session.execute(select(NodeMeter.node_id, NodeMeter.service_point_id)).all())
    by_point = {point: node for node, point in by_node.items()}
    touched: set[int] = set()
    problems: list[Problem] = []
    for node_id, row in wanted.items():
        point, premise = points[row.others["service_point"]]
        if premise is not None:
            message = f"service point {row.others['service_point']!r} stands at a premise"
            problems.append(Problem(row.line, "service_point", message))
        elif by_point.get(point, node_id) != node_id:
            message = f"service point {row.others['service_point']!r} measures another node already"
            problems.append(Problem(row.line, "service_point", message))
        elif by_node.get(node_id) != point:
            session.execute(delete(NodeMeter).where(NodeMeter.node_id == node_id))
            session.execute(insert(NodeMeter).values(node_id=node_id, service_point_id=point))
            by_point[point] = node_id
            touched.add(row.line)
    return touched, problems


COLUMNS = NetworkColumns(("service_point",), place_node_meters)
"""As `Module.network_importing` names it."""
