"""Temperatures of network areas; meters of network nodes and their energy balance by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "temperature_days",
        sa.Column("area_id", sa.BigInteger, sa.ForeignKey("network_nodes.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("millicelsius", ARRAY(sa.Integer), nullable=False),
        sa.CheckConstraint("1440 % cardinality(millicelsius) = 0", name="whole_day"),
        sa.PrimaryKeyConstraint("area_id", "day"),
    )
    op.create_table(
        "node_meters",
        sa.Column("node_id", sa.BigInteger, sa.ForeignKey("network_nodes.id"), nullable=False),
        sa.Column("service_point_id", sa.BigInteger, sa.ForeignKey("service_points.id"), nullable=False),
        sa.PrimaryKeyConstraint("node_id"),
    )
    op.create_index("ix_node_meters_service_point_id", "node_meters", ["service_point_id"], unique=True)
    op.create_table(
        "energy_balances",
        sa.Column("node_id", sa.BigInteger, sa.ForeignKey("network_nodes.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("input_micro", sa.BigInteger, nullable=False),
        sa.Column("supplied_micro", sa.BigInteger, nullable=False),
        sa.Column("channels", sa.Integer, nullable=False),
        sa.Column("short", sa.Integer, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "day"),
    )
    op.create_index("ix_energy_balances_day", "energy_balances", ["day"])


def downgrade() -> None:
    for table in ("energy_balances", "node_meters", "temperature_days"):
        op.drop_table(table)
