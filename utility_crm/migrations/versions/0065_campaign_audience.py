"""Campaigns ask a segment: their own rules of whom they are for become a question of segments.

What a saving above an amount meant without an offered tariff (nobody) no draft can have meant, and it asks
nothing now.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

OLD: dict[str, Any] = {
    "segments": [], "area": "", "tariff": "", "saving_above_minor": None, "may_leave_ppm": None,
    "segment_id": None,
}  # fmt: skip
_ALL = """
    select c.id, c.code, c.name, c.audience, coalesce(t.code, '') as offered, c.made_at, c.made_by
    from campaigns c left join tariffs t on t.id = c.tariff_id order by c.id
"""
_KEEP = "update campaigns set audience = cast(:audience as jsonb) where id = :id"
_SEGMENT = "select tree, frozen_at from segments where id = :id"
_SAVE = """
    insert into segments (name, tree, owner_id, created_at, changed_at)
    values (:name, cast(:tree as jsonb), :owner, :at, :at) returning id
"""


def upgrade() -> None:
    """Rules become trees."""
    connection = op.get_bind()
    for row in connection.execute(sa.text(_ALL)).mappings().all():
        if "tree" in row["audience"]:
            continue
        made = tree_of({**OLD, **row["audience"]}, row["offered"])
        _keep(connection, row["id"], {"tree": made, "segment_id": row["audience"].get("segment_id")})


def downgrade() -> None:
    """Trees become rules again; a tree that rules cannot say becomes a saved segment of its own."""
    connection = op.get_bind()
    for row in connection.execute(sa.text(_ALL)).mappings().all():
        if "tree" not in row["audience"]:
            continue
        tree, segment_id = row["audience"]["tree"], row["audience"]["segment_id"]
        rules = rules_of(tree, row["offered"])
        if rules is None:
            segment_id, rules = _saved(connection, row, tree, segment_id), dict(OLD)
        _keep(connection, row["id"], {**rules, "segment_id": segment_id})


def tree_of(rules: dict[str, Any], offered: str) -> dict[str, Any]:
    """The tree of what an audience's rules ask, each a condition of the outermost `and`."""
    parts: list[dict[str, Any]] = []
    if rules["segments"]:
        parts.append({"fact": "customer_kind", "op": "any_of", "values": list(rules["segments"])})
    if rules["area"]:
        parts.append({"fact": "area", "op": "any_of", "values": [rules["area"]]})
    if rules["tariff"]:
        parts.append({"fact": "tariff", "op": "any_of", "values": [rules["tariff"]]})
    if rules["saving_above_minor"] is not None and offered:
        saving = {"fact": "saving_on", "parameter": offered, "op": "above"}
        parts.append({**saving, "values": [rules["saving_above_minor"]]})
    if rules["may_leave_ppm"] is not None:
        percent = rules["may_leave_ppm"] / 10_000
        values = [int(percent) if percent == int(percent) else percent]
        parts.append({"fact": "chance_to_leave", "op": "at_least", "values": values})
    return {"and": parts}


def rules_of(tree: dict[str, Any], offered: str) -> dict[str, Any] | None:
    """The rules that come to this tree; None where none do."""
    rules: dict[str, Any] = dict(OLD)
    for part in tree["and"] if set(tree) == {"and"} else [tree]:
        values = part.get("values") or [None]
        key = (part.get("fact"), part.get("op"))
        if key == ("customer_kind", "any_of"):
            rules["segments"] = values
        elif key in (("area", "any_of"), ("tariff", "any_of")) and len(values) == 1:
            rules[part["fact"]] = values[0]
        elif key == ("saving_on", "above") and part.get("parameter") == offered:
            rules["saving_above_minor"] = values[0]
        elif key == ("chance_to_leave", "at_least"):
            rules["may_leave_ppm"] = round(float(values[0]) * 10_000)
    parts = tree["and"] if set(tree) == {"and"} else [tree]
    return rules if tree_of(rules, offered)["and"] == _in_order(parts) else None


def _in_order(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = ("customer_kind", "area", "tariff", "saving_on", "chance_to_leave")
    return sorted(parts, key=lambda part: order.index(part["fact"]) if part.get("fact") in order else 9)


def _saved(connection: sa.Connection, row: Any, tree: dict[str, Any], segment_id: int | None) -> int:
    if segment_id is not None:
        kept = connection.execute(sa.text(_SEGMENT), {"id": segment_id}).one()
        if kept.frozen_at is not None:
            raise RuntimeError(
                f"campaign {row['code']} asks a frozen segment and conditions that its old form cannot say"
            )
        tree = {"and": [part for one in (kept.tree, tree) for part in one.get("and", [one])]}
    given = {
        "name": f"{row['code']}: {row['name']}"[:80], "tree": json.dumps(tree), "owner": row["made_by"],
        "at": row["made_at"],
    }  # fmt: skip
    return int(connection.execute(sa.text(_SAVE), given).scalar_one())


def _keep(connection: sa.Connection, campaign_id: int, audience: dict[str, Any]) -> None:
    connection.execute(sa.text(_KEEP), {"id": campaign_id, "audience": json.dumps(audience)})
