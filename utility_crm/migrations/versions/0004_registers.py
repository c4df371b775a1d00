"""Registers, their reads, consumption told for spans of its own, and the history of both."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KIND = "kind in ('actual', 'customer', 'estimated', 'deemed', 'substituted', 'final', 'first')"
INSTANT = sa.DateTime(timezone=True)


def read_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("register_id", sa.BigInteger, nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("meter", sa.Text, nullable=False),
        sa.Column("figure", sa.BigInteger, nullable=False),
        sa.Column("exponent", sa.SmallInteger, nullable=False),
        sa.Column("digits", sa.SmallInteger),
        sa.Column("multiplier_micro", sa.BigInteger),
        sa.Column("method", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("feed_id", sa.BigInteger, nullable=False),
        sa.Column("line", sa.Integer),
    ]


def consumption_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("register_id", sa.BigInteger, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_before", INSTANT, nullable=False),
        sa.Column("micro", sa.BigInteger, nullable=False),
        sa.Column("quality", sa.SmallInteger, nullable=False),
        sa.Column("method", sa.Text),
        sa.Column("feed_id", sa.BigInteger, nullable=False),
        sa.Column("line", sa.Integer),
    ]


def history(name: str, columns: list[sa.Column[Any]], starts: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        *columns,
        sa.Column("replaced_by", sa.BigInteger, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
    )
    op.create_index(f"ix_{name}_register_id_{starts}", name, ["register_id", starts])
    op.create_index(f"ix_{name}_replaced_by", name, ["replaced_by"])


def upgrade() -> None:
    op.create_table(
        "registers",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("service_point_id", sa.BigInteger, sa.ForeignKey("service_points.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.UniqueConstraint("service_point_id", "name", name="uq_registers_service_point_id_name"),
        sa.CheckConstraint("direction in ('import', 'export')", name="direction"),
        sa.CheckConstraint("unit in ('kWh', 'kVArh', 'm3')", name="unit"),
    )
    op.create_table(
        "register_reads",
        *read_columns(),
        sa.PrimaryKeyConstraint("register_id", "read_at", "kind", "meter"),
        sa.ForeignKeyConstraint(["register_id"], ["registers.id"]),
        sa.CheckConstraint(KIND, name="kind"),
        sa.CheckConstraint("digits between 1 and 12", name="digits"),
        sa.CheckConstraint("multiplier_micro > 0", name="multiplier"),
    )
    op.create_index("ix_register_reads_feed_id", "register_reads", ["feed_id"])
    history("register_read_history", read_columns(), "read_at")
    op.create_table(
        "consumptions",
        *consumption_columns(),
        sa.PrimaryKeyConstraint("register_id", "starts_at", "ends_before"),
        sa.ForeignKeyConstraint(["register_id"], ["registers.id"]),
        sa.CheckConstraint("ends_before > starts_at", name="span"),
        sa.CheckConstraint("quality between 0 and 5", name="quality"),
    )
    op.create_index("ix_consumptions_feed_id", "consumptions", ["feed_id"])
    history("consumption_history", consumption_columns(), "starts_at")


def downgrade() -> None:
    for table in (
        "consumption_history",
        "consumptions",
        "register_read_history",
        "register_reads",
        "registers",
    ):
        op.drop_table(table)
