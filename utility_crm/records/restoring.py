"""Things as they were before an import: put back where nobody has touched them since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from utility_crm.auth.audit import note_changes
from utility_crm.kit.database import Base
from utility_crm.records.kinds import EXTERNAL, Brought, Refusal, Row, Stands, Taking
from utility_crm.web.words import mark

GONE = mark("What it became here is no longer there.")
CHANGED_SINCE = mark("%(id)s was changed here since.")


def gone(row: Row) -> Refusal:
    """A row whose thing was taken away here."""
    return Refusal(row.line, EXTERNAL, "gone", GONE, row.external_id)


def moved_on(taking: Taking, table: str, things: Sequence[Brought]) -> list[Stands]:
    """The changed ones that are no longer as the import left them."""
    return [
        Stands(thing.external_id, CHANGED_SINCE, {"id": thing.external_id})
        for thing, now_is in _now(taking, table, [one for one in things if one.after is not None])
        if any(_told(now_is.get(name)) != _told(value) for name, value in (thing.after or {}).items())
    ]


def put_back(taking: Taking, table: str, things: Sequence[Brought], what: str) -> None:
    """Take the made ones away and give the changed ones what they had; the audit log has both sides."""
    made = [one.thing_id for one in things if one.before is None]
    taking.session.execute(
        text(f"delete from {_known(table)} where id = any(:ids)"), {"ids": made}
    )  # fmt: skip
    changed = [one for one in things if one.before is not None]
    owned = "customer_id" in Base.metadata.tables[table].columns
    notes = []
    for thing, now_is in list(_now(taking, table, changed)):
        before = dict(thing.before or {})
        columns = ", ".join(f"{_column(table, name)} = r.{_column(table, name)}" for name in before)
        taking.session.execute(
            text(f"update {_known(table)} t set {columns} from jsonb_populate_record(null::{_known(table)}, "
                 "cast(:row as jsonb)) r where t.id = :id"),
            {"row": json.dumps(before), "id": thing.thing_id},
        )  # fmt: skip
        notes.append((now_is.get("customer_id") if owned else None, thing.after, before))
    note_changes(taking.session, what, notes)


def _now(
    taking: Taking, table: str, things: Sequence[Brought]
) -> Iterator[tuple[Brought, Mapping[str, Any]]]:
    """Things with their rows as they are, as JSON has them."""
    by_id = {one.thing_id: one for one in things}
    if by_id:
        rows = taking.session.execute(
            text(f"select id, to_jsonb(t) as held from {_known(table)} t where id = any(:ids)"),
            {"ids": list(by_id)},
        )
        for row in rows:
            yield by_id[row.id], row.held


def _told(value: Any) -> Any:
    """An instant is the same however it is written."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and value[:4].isdigit() else value
    except ValueError:
        return value


def _known(table: str) -> str:
    return Base.metadata.tables[table].name


def _column(table: str, name: str) -> str:
    return str(Base.metadata.tables[table].columns[name].name)
