"""A customer forgotten: every holding of theirs deleted, emptied or, where the law wants it kept, left
without
the person; in one transaction, at the end of which the whole database is searched for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, JSON, Table, Text, text
from sqlalchemy.orm import Session

from utility_crm.auth.sealing import Sealer
from utility_crm.installed import load_tables, personal
from utility_crm.kit.database import Base
from utility_crm.kit.personal import Forget, Holding, Scopes
from utility_crm.privacy.domain.judging import Judgement
from utility_crm.privacy.reading import holdings

HIDDEN = "•••"
_MAY = text("select set_config('utility_crm.erasing', :mode, true)")
_SEAL = text("""
    insert into sealed_rows (customer_id, kind, table_name, row_key, sealed)
    values (:customer, :kind, :table, :key, :sealed)
""")


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of a table's rows: how many went, and how many were emptied."""

    table: str
    title: str
    package: str
    deleted: int = 0
    emptied: int = 0
    stays: int = 0
    kept: str = ""


def what_would(session: Session, scopes: Scopes, judgement: Judgement) -> list[Gone]:
    """What would go and what would stay, counted; nothing is changed."""
    found = []
    for package, one in holdings():
        rows = int(
            session.execute(
                text(f"select count(*) from {one.table} t where {one.alone}"), scopes
            ).scalar_one()
        )
        if rows:
            found.append(_as_gone(package, one, rows, judgement))
    return found


def _as_gone(package: str, one: Holding, rows: int, judgement: Judgement) -> Gone:
    stays = bool(one.kept) and judgement.keeps(one.kept)
    forget = one.now if stays else _both(one)
    kept = one.kept if stays else ""
    if forget == "delete":
        return Gone(one.table, one.title, package, deleted=rows)
    if forget == "stays":
        return Gone(one.table, one.title, package, stays=rows, kept=kept)
    return Gone(one.table, one.title, package, emptied=rows, kept=kept)


def forget(
    session: Session, scopes: Scopes, judgement: Judgement, sealer: Sealer, now: datetime
) -> dict[str, dict[str, int]]:
    """Does it. By table, how many rows were deleted, emptied and sealed. The caller has written the row of
    `erasures`, under which sealed values are kept."""
    went: dict[str, dict[str, int]] = {}
    session.execute(_MAY, {"mode": "on"})
    for _package, one in holdings():
        stays = bool(one.kept) and judgement.keeps(one.kept)
        if stays and one.seals:
            _count(went, one.table, "sealed", _seal(session, one, scopes, sealer))
        _apply(session, one, one.now if stays else _both(one), scopes, went)
    _sweep(session, scopes, went)
    for _package, said in personal():
        for statement in said.blanks:
            session.execute(text(statement), {**scopes, "now": now})
    session.execute(_MAY, {"mode": "off"})
    return went


def forget_kind(session: Session, scopes: Scopes, kind: str) -> dict[str, dict[str, int]]:
    """The time of a kind is over: what was left of it goes, or loses what could lead to the person."""
    went: dict[str, dict[str, int]] = {}
    session.execute(_MAY, {"mode": "on"})
    for _package, one in holdings():
        if one.kept == kind:
            _apply(session, one, one.then, scopes, went)
    session.execute(_MAY, {"mode": "off"})
    return went


def left_over(session: Session, like: list[str]) -> list[dict[str, Any]]:
    """Where one of the patterns is still found: every column of text and JSON of every table, searched."""
    if not like:
        return []
    load_tables()
    found = []
    for table in Base.metadata.sorted_tables:
        names = [column.name for column in table.columns if _is_text(column.type)]
        if not names:
            continue
        counts = ", ".join(
            f"count(*) filter (where lower({_q(name)}::text) like any(:like))" for name in names
        )
        row = session.execute(text(f"select {counts} from {_q(table.name)}"), {"like": like}).one()
        found += [
            {"table": table.name, "column": name, "rows": rows}
            for name, rows in zip(names, row, strict=True)
            if rows
        ]
    return found


def _is_text(kind: Any) -> bool:
    """Columns that can hold a name, in a text, a list or a document."""
    return isinstance(kind, Text | JSON) or (isinstance(kind, ARRAY) and isinstance(kind.item_type, Text))


def _both(one: Holding) -> Forget:
    """What becomes of rows that nothing keeps: the end comes at once."""
    if "delete" in (one.now, one.then):
        return "delete"
    if one.now == "stays" or one.then == "stays":
        return one.then if one.now == "stays" else one.now
    assert isinstance(one.now, Mapping) and isinstance(one.then, Mapping)
    return {**one.now, **one.then}


def _apply(
    session: Session, one: Holding, forget: Forget, scopes: Scopes, went: dict[str, dict[str, int]]
) -> None:
    if forget == "stays":
        return
    if forget == "delete":
        rows = session.execute(text(f"delete from {one.table} t where {one.alone} returning 1"), scopes)
        _count(went, one.table, "deleted", len(rows.all()))
        return
    assert isinstance(forget, Mapping)
    changes = ", ".join(f"{_q(name)} = {sql}" for name, sql in forget.items())
    rows = session.execute(text(f"update {one.table} t set {changes} where {one.alone} returning 1"), scopes)
    _count(went, one.table, "emptied", len(rows.all()))


def _seal(session: Session, one: Holding, scopes: Scopes, sealer: Sealer) -> int:
    key = ", ".join(f"t.{_q(column.name)}::text" for column in _table(one).primary_key)
    values = ", ".join(f"'{name}', t.{_q(name)}" for name in one.seals)
    rows = session.execute(
        text(f"select array[{key}], jsonb_build_object({values}) from {one.table} t where {one.alone}"),
        scopes,
    ).all()
    given = [
        {
            "customer": scopes["customer"],
            "kind": one.kept,
            "table": one.table,
            "key": list(row_key),
            "sealed": sealer.seal(json.dumps(document, ensure_ascii=False)),
        }
        for row_key, document in rows
    ]
    if given:
        session.execute(_SEAL, given)
    return len(given)


def _sweep(session: Session, scopes: Scopes, went: dict[str, dict[str, int]]) -> None:
    """In everybody's free text, what the person is known by alone becomes dots."""
    if not scopes["words"]:
        return
    pattern = "|".join(re.escape(word) for word in scopes["words"])
    for _package, one in holdings():
        for name in one.sweeps:
            column = _q(name)
            rows = session.execute(
                text(
                    f"update {one.table} t set {column} = regexp_replace({column}, :pattern, :hidden, 'gi') "
                    f"where lower({column}) like any(:like) returning 1"
                ),
                {"pattern": pattern, "hidden": HIDDEN, "like": scopes["like"]},
            )
            _count(went, one.table, "swept", len(rows.all()))


def _count(went: dict[str, dict[str, int]], table: str, what: str, rows: int) -> None:
    if rows:
        of_table = went.setdefault(table, {})
        of_table[what] = of_table.get(what, 0) + rows


def _table(one: Holding) -> Table:
    load_tables()
    return Base.metadata.tables[one.table]


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
