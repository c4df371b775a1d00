"""The network tree from its own file: whole or not at all, safe to repeat (docs/network.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import any_, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from utility_crm.kit.table_file import Problem, TableRow, read_table
from utility_crm.network.tables import NetworkNode

COLUMNS = ("code", "name", "kind", "parent")
REQUIRED = ("code", "kind")
HANGS_ON = {"area": (), "feeder": ("area",), "transformer": ("feeder", "area")}
"""What a node of each kind may hang on. An area is a root."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One row: a node, its parent's code (empty for an area), and what packages' own columns hold."""

    line: int
    code: str
    name: str
    kind: str
    parent: str
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NodeIds:
    """A row with the id its node has now, handed to the packages that own further columns."""

    row: NodeRow
    node_id: int


@dataclass(frozen=True, slots=True)
class NetworkColumns:
    """Columns that an installed package adds to the network file; `handle` returns the lines it changed
    something for, and problems."""

    names: tuple[str, ...]
    handle: Callable[[Session, Sequence[NodeIds]], tuple[set[int], list[Problem]]]


@dataclass(frozen=True, slots=True)
class ImportedNetwork:
    """What became of a network file; with problems nothing was written."""

    nodes: int
    unchanged: int
    problems: tuple[Problem, ...]

    def document(self) -> dict[str, Any]:
        """The shape of `utility-crm network import --json`."""
        return {
            "nodes": self.nodes,
            "unchanged": self.unchanged,
            "problems": [problem.document() for problem in self.problems],
        }


def import_network(
    session: Session,
    content: bytes,
    *,
    added: Sequence[NetworkColumns] = (),
    dry_run: bool = False,
    where: str = "file",
) -> ImportedNetwork:
    """Read, check and write a network file. Nodes that the file does not name stay as they are.

    Raises `Invalid` when the file cannot be read as a table. A node may be named, moved to another parent of
    the right kind, but never made another kind: what hangs on it would hang wrong.
    """
    names = [name for columns in added for name in columns.names]
    table, problems = read_table(content, [*COLUMNS, *names], REQUIRED, where)
    rows = [_row(row, names) for row in table]
    held = _held(session)
    problems += _wrong(rows, held)
    if problems:
        return ImportedNetwork(0, 0, tuple(sorted(problems, key=lambda problem: problem.line)))
    savepoint = session.begin_nested()
    ids, touched = _write(session, rows, held)
    placed = [NodeIds(row, ids[row.code]) for row in rows]
    for columns in added:
        lines, found = columns.handle(session, placed)
        touched |= lines
        problems += found
    if problems or dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    if problems:
        return ImportedNetwork(0, 0, tuple(sorted(problems, key=lambda problem: problem.line)))
    return ImportedNetwork(len(touched), len(rows) - len(touched), ())


@dataclass(frozen=True, slots=True)
class _Held:
    """A node as it stands."""

    id: int
    name: str
    kind: str
    parent: str


def _row(row: TableRow, others: Sequence[str]) -> NodeRow:
    cells = row.cells
    code = cells.get("code", "")
    return NodeRow(
        row.line,
        code,
        cells.get("name", code),
        cells.get("kind", "").lower(),
        cells.get("parent", ""),
        {name: cells[name] for name in others if name in cells},
    )


def _held(session: Session) -> dict[str, _Held]:
    parent = NetworkNode.__table__.alias()
    node = NetworkNode.__table__.c
    found = session.execute(
        select(node.code, node.id, node.name, node.kind, parent.c.code)
        .select_from(NetworkNode.__table__.outerjoin(parent, parent.c.id == node.parent_id))
        .order_by(node.id)
    )
    return {code: _Held(identity, name, kind, above or "") for code, identity, name, kind, above in found}


def _wrong(rows: Sequence[NodeRow], held: Mapping[str, _Held]) -> list[Problem]:
    """Everything wrong with the rows: by themselves, with each other, and with the network as it stands."""
    first: dict[str, NodeRow] = {}
    found: list[Problem] = []
    for row in rows:
        if not row.code:
            found.append(Problem(row.line, "missing", "code is empty"))
        elif row.code in first:
            message = f"the node {row.code!r} stands in line {first[row.code].line} already"
            found.append(Problem(row.line, "twice", message))
        else:
            first[row.code] = row
    kinds = {code: node.kind for code, node in held.items()} | {code: row.kind for code, row in first.items()}
    for row in first.values():
        found += _misplaced(row, held, kinds)
    return found


def _misplaced(row: NodeRow, held: Mapping[str, _Held], kinds: Mapping[str, str]) -> list[Problem]:
    if row.kind not in HANGS_ON:
        words = ", ".join(HANGS_ON)
        return [Problem(row.line, "kind", f"kind {row.kind!r} is none of {words}")]
    before = held.get(row.code)
    if before is not None and before.kind != row.kind:
        message = f"the node {row.code!r} is a {before.kind}; it cannot become a {row.kind}"
        return [Problem(row.line, "kind", message)]
    above = HANGS_ON[row.kind]
    if not above:
        message = f"an area hangs on nothing, not on {row.parent!r}"
        return [Problem(row.line, "parent", message)] if row.parent else []
    if not row.parent:
        return [Problem(row.line, "parent", f"a {row.kind} needs its parent, a {' or '.join(above)}")]
    if row.parent not in kinds:
        return [Problem(row.line, "parent", f"the network has no node {row.parent!r}")]
    if kinds[row.parent] not in above:
        message = f"a {row.kind} hangs on a {' or '.join(above)}; {row.parent!r} is a {kinds[row.parent]}"
        return [Problem(row.line, "parent", message)]
    return []


def _write(
    session: Session, rows: Sequence[NodeRow], held: Mapping[str, _Held]
) -> tuple[dict[str, int], set[int]]:
    """Ids by code, and the lines that added or changed a node. Parents come before what hangs on them."""
    ids = {code: node.id for code, node in held.items()}
    touched: set[int] = set()
    for kind in HANGS_ON:
        fresh: list[dict[str, Any]] = []
        for row in (row for row in rows if row.kind == kind):
            before = held.get(row.code)
            values = {"name": row.name, "parent_id": ids[row.parent] if row.parent else None}
            if before is None:
                fresh.append({"code": row.code, "kind": kind, **values})
            elif (before.name, before.parent) != (row.name, row.parent):
                session.execute(update(NetworkNode).where(NetworkNode.id == before.id).values(**values))
            else:
                continue
            touched.add(row.line)
        if fresh:
            session.execute(insert(NetworkNode), fresh)
            ids |= _ids(session, [node["code"] for node in fresh])
    return ids, touched


def _ids(session: Session, codes: Sequence[str]) -> dict[str, int]:
    among = NetworkNode.code == any_(literal(list(codes), ARRAY(Text())))
    return dict(session.execute(select(NetworkNode.code, NetworkNode.id).where(among)).all())
