"""Facts about customers and whole-base what-ifs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact_values",
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("parameter", sa.Text, server_default="", nullable=False),
        sa.Column(
            "customer_id", sa.BigInteger, sa.ForeignKey("customers.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("value", sa.Numeric, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fact", "parameter", "customer_id", name="pk_fact_values"),
    )
    op.create_index("ix_fact_values_value", "fact_values", ["fact", "parameter", "value"])
    op.create_index("ix_fact_values_customer_id", "fact_values", ["customer_id"])
    _what_ifs()
    op.create_table(
        "forecast_spreads",
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("low", sa.Double, nullable=False),
        sa.Column("high", sa.Double, nullable=False),
        sa.Column("base_sd", sa.Double, nullable=False),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("segment", "level", name="pk_forecast_spreads"),
    )


def _what_ifs() -> None:
    op.create_table(
        "what_ifs",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("tariff_id", sa.BigInteger, sa.ForeignKey("tariffs.id"), nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("offered_to", ARRAY(sa.Text), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("on_day", sa.Date, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, server_default="0", nullable=False),
        sa.Column("left_out", sa.Integer, server_default="0", nullable=False),
        *(
            sa.Column(name, sa.BigInteger, server_default="0", nullable=False)
            for name in ("own_minor", "other_minor", "own_net_minor", "other_net_minor")
        ),
        sa.Column("asked_by", sa.BigInteger, sa.ForeignKey("users.id")),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("done <= due", name="ck_what_ifs_done"),
    )
    op.create_index("ix_what_ifs_tariff_id_finished_at", "what_ifs", ["tariff_id", "finished_at"])
    op.create_table(
        "what_if_results",
        sa.Column(
            "what_if_id", sa.BigInteger, sa.ForeignKey("what_ifs.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("customer_id", sa.BigInteger, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("own_minor", sa.BigInteger, nullable=False),
        sa.Column("other_minor", sa.BigInteger, nullable=False),
        sa.Column("low_minor", sa.BigInteger),
        sa.Column("coverage_ppm", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("what_if_id", "account_id", name="pk_what_if_results"),
        sa.CheckConstraint(
            "verdict in ('switch', 'noise', 'small', 'dearer', 'short')", name="ck_what_if_results_verdict"
        ),
    )
    op.create_index("ix_what_if_results_account_id", "what_if_results", ["account_id"])


def downgrade() -> None:
    for table in ("what_if_results", "what_ifs", "forecast_spreads", "fact_values"):
        op.drop_table(table)
