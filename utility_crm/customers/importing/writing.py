"""Writing checked rows: what is new is added, what differs is changed, what is the same is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, any_, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Session

from utility_crm.customers.importing.erased import of_erased
from utility_crm.customers.importing.rows import CustomerRow
from utility_crm.customers.tables import Account, ContactPoint, Customer, CustomerFlag, Occupancy
from utility_crm.kit.table_file import Problem
from utility_crm.network.tables import NetworkNode, Premise


@dataclass(frozen=True, slots=True)
class Written:
    """What rows became. `touched` are the line numbers whose row added or changed something."""

    customers: int
    accounts: int
    touched: frozenset[int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class RowIds:
    """A row with the ids it has now, handed to the packages that own further columns."""

    row: CustomerRow
    customer_id: int
    account_id: int
    premise_id: int | None
    opened_on: date


RowsHandler = Callable[[Session, Sequence[RowIds]], tuple[set[int], list[Problem]]]
"""What a package does with its own columns: returns the touched lines, and problems by line."""


def write_rows(
    session: Session, rows: Sequence[CustomerRow], today: date, handlers: Iterable[RowsHandler] = ()
) -> Written:
    """Upsert customers, contact points, flags, premises, accounts and occupancies; never commits.

    The caller rolls back when there are problems: a file is written whole or not at all.
    """
    touched: set[int] = set()
    nodes = _ids(session, NetworkNode, "code", {row.network_node for row in rows if row.network_node})
    problems = [
        Problem(row.line, "network_node", f"the network has no node {row.network_node!r}")
        for row in rows
        if row.network_node and row.network_node not in nodes
    ]
    erased = of_erased(session, rows)
    problems += erased
    if erased:  # the database itself refuses to write of them
        rows = [row for row in rows if row.line not in {one.line for one in erased}]
    customers, lines = _upsert(session, Customer, "number", _customers(rows, today))
    touched |= lines
    touched |= _add_missing(
        session, ContactPoint, ("customer_id", "kind", "normal"), _contact_points(rows, customers)
    )
    touched |= _add_missing(session, CustomerFlag, ("customer_id", "kind"), _flags(rows, customers))
    payers = {row.payer_number for row in rows if row.payer_number} - customers.keys()
    everyone = {**customers, **_ids(session, Customer, "number", payers)}
    problems += [
        Problem(row.line, "payer_number", f"no customer has the number {row.payer_number!r}")
        for row in rows
        if row.payer_number and row.payer_number not in everyone
    ]
    if problems:
        return Written(0, 0, frozenset(), tuple(problems))
    premises, lines_of_premises = _upsert(session, Premise, "code", _premises(rows, nodes))
    accounts, lines_of_accounts = _upsert(session, Account, "number", _accounts(rows, everyone, today))
    touched |= lines_of_premises | lines_of_accounts
    opened = _opened(session, accounts.values())
    placed = [
        RowIds(
            row,
            customers[row.customer_number],
            accounts[row.account_number],
            premises.get(row.premise_code),
            row.moved_in_on or row.opened_on or opened[accounts[row.account_number]],
        )
        for row in rows
    ]
    touched |= _add_missing(session, Occupancy, ("account_id", "premise_id"), _occupancies(placed))
    for handle in handlers:
        found, bad = handle(session, placed)
        touched |= found
        problems += bad
    return Written(len(lines), len(lines_of_accounts), frozenset(touched), tuple(problems))


def _customers(
    rows: Iterable[CustomerRow], today: date
) -> dict[str, tuple[int, dict[str, Any], dict[str, Any]]]:
    return {
        row.customer_number: (
            row.line,
            {
                "name": row.name,
                "segment": row.segment,
                "kind": row.kind,
                "language": row.language,
                "tags": [tag.strip() for tag in row.tags.split("|") if tag.strip()],
                **({"since": row.since} if row.since else {}),
            },
            {"since": row.since or row.opened_on or today},
        )
        for row in reversed(list(rows))
    }


def _accounts(
    rows: Iterable[CustomerRow], customers: Mapping[str, int], today: date
) -> dict[str, tuple[int, dict[str, Any], dict[str, Any]]]:
    return {
        row.account_number: (
            row.line,
            {
                "customer_id": customers[row.customer_number],
                "payer_id": customers[row.payer_number or row.customer_number],
                "cycle_day": row.cycle_day,
                "terms_days": row.terms_days,
                "currency": row.currency,
                "payment_method": row.payment_method,
                **({"opened_on": row.opened_on} if row.opened_on else {}),
            },
            {"opened_on": row.opened_on or row.moved_in_on or row.since or today},
        )
        for row in reversed(list(rows))
    }


def _premises(
    rows: Iterable[CustomerRow], nodes: Mapping[str, int]
) -> dict[str, tuple[int, dict[str, Any], dict[str, Any]]]:
    return {
        row.premise_code: (
            row.line,
            {
                "node_id": nodes.get(row.network_node),
                "address": row.address,
                "city": row.city,
                "postcode": row.postcode,
                "country": row.country,
                "timezone": row.timezone,
            },
            {},
        )
        for row in reversed(list(rows))
        if row.premise_code
    }


def _contact_points(
    rows: Iterable[CustomerRow], customers: Mapping[str, int]
) -> list[tuple[int, dict[str, Any]]]:
    points = []
    for row in rows:
        for kind, value, normal in (
            ("email", row.email, row.email.lower()),
            ("phone", row.phone and row.phone_written, row.phone and row.phone_normal),
            ("messenger", row.messenger, " ".join(row.messenger.lower().split())),
            ("post", row.post, " ".join(row.post.lower().split())),
        ):
            if value:
                customer_id = customers[row.customer_number]
                points.append(
                    (row.line, {"customer_id": customer_id, "kind": kind, "value": value, "normal": normal})
                )
    return points


def _flags(rows: Iterable[CustomerRow], customers: Mapping[str, int]) -> list[tuple[int, dict[str, Any]]]:
    flags = []
    for row in rows:
        for kind in ("medical", "vulnerable"):
            if getattr(row, kind) and row.flag_consented_on:
                consented = datetime.combine(row.flag_consented_on, time(), UTC)
                flag = {
                    "customer_id": customers[row.customer_number],
                    "kind": kind,
                    "detail": row.flag_detail,
                }
                flags.append((row.line, {**flag, "consented_at": consented, "review_on": row.flag_review_on}))
    return flags


def _occupancies(placed: Iterable[RowIds]) -> list[tuple[int, dict[str, Any]]]:
    return [
        (
            item.row.line,
            {"account_id": item.account_id, "premise_id": item.premise_id, "starts_on": item.opened_on},
        )
        for item in placed
        if item.premise_id is not None
    ]


def _ids(session: Session, table: type[DeclarativeBase], key: str, names: Iterable[str]) -> dict[str, int]:
    column = table.__table__.c[key]
    found = session.execute(select(column, table.__table__.c.id).where(_among(column, names)))
    return dict(found.all())


def _among(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column = any(values)`: one bound array however long, where IN would bind each."""
    return column == any_(literal(list(values), ARRAY(column.type)))


def _opened(session: Session, ids: Iterable[int]) -> dict[int, date]:
    columns = Account.__table__.c
    found = session.execute(select(columns.id, columns.opened_on).where(_among(columns.id, ids)))
    return dict(found.all())


def _upsert(
    session: Session,
    table: type[DeclarativeBase],
    key: str,
    wanted: Mapping[str, tuple[int, dict[str, Any], dict[str, Any]]],
) -> tuple[dict[str, int], set[int]]:
    """Bring rows known by `key` to the wanted values: (key -> id, lines that added or changed something).

    `wanted` maps a key to its line, the values to hold, and what a new row takes besides.
    """
    columns = table.__table__.c
    fields = sorted({name for _line, values, _new in wanted.values() for name in values})
    held = {
        row[0]: (row[1], dict(zip(fields, row[2:], strict=True)))
        for row in session.execute(
            select(columns[key], columns.id, *(columns[name] for name in fields)).where(
                _among(columns[key], wanted)
            )
        )
    }
    ids = {name: identity for name, (identity, _values) in held.items()}
    changed: set[int] = set()
    fresh: list[dict[str, Any]] = []
    for name, (line, values, new) in wanted.items():
        if name not in held:
            fresh.append({key: name, **new, **values})
            changed.add(line)
        elif any(held[name][1][field] != value for field, value in values.items()):
            session.execute(update(table).where(columns.id == ids[name]).values(**values))
            changed.add(line)
    if fresh:
        made = session.execute(insert(table).returning(columns[key], columns.id), fresh)
        ids.update(dict(made.all()))
    return ids, changed


def _add_missing(
    session: Session,
    table: type[DeclarativeBase],
    key: tuple[str, ...],
    wanted: Sequence[tuple[int, dict[str, Any]]],
) -> set[int]:
    """Add the rows whose `key` is not there yet; the lines that added one."""
    columns = table.__table__.c
    first = key[0]
    owners = {values[first] for _line, values in wanted}
    held = {
        tuple(row)
        for row in session.execute(
            select(*(columns[name] for name in key)).where(_among(columns[first], owners))
        )
    }
    fresh: list[dict[str, Any]] = []
    lines: set[int] = set()
    for line, values in wanted:
        known = tuple(values[name] for name in key)
        if known not in held:
            held.add(known)
            fresh.append(values)
            lines.add(line)
    if fresh:
        session.execute(insert(table), fresh)
    return lines
