"""The ground: every package's tables but the blocks, which follow in 0002."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    op.execute("create extension if not exists pg_trgm")
    op.create_table(
        "block_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("micro", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=True),
        sa.Column("qualities", postgresql.ARRAY(sa.SmallInteger()), nullable=True),
        sa.Column("feed_id", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_history")),
    )
    op.create_index(
        op.f("ix_block_history_channel_id_day"), "block_history", ["channel_id", "day"], unique=False
    )
    op.create_index(op.f("ix_block_history_replaced_by"), "block_history", ["replaced_by"], unique=False)
    op.create_table(
        "churn_models",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_churn_models")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("kind in ('person', 'organisation')", name=op.f("ck_customers_kind")),
        sa.CheckConstraint(
            "segment in ('household', 'small_business', 'industry')", name=op.f("ck_customers_segment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("number", name=op.f("uq_customers_number")),
    )
    op.create_index(
        "ix_customers_name_trgm",
        "customers",
        [sa.literal_column("lower(name) gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation")),
    )
    op.create_table(
        "job_runs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "mailbox",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("deliveries", sa.SmallInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_mailbox")),
    )
    op.create_table(
        "network_nodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'area') = (parent_id is null)", name=op.f("ck_network_nodes_areas_are_roots")
        ),
        sa.CheckConstraint("kind in ('area', 'feeder', 'transformer')", name=op.f("ck_network_nodes_kind")),
        sa.ForeignKeyConstraint(["parent_id"], ["network_nodes.id"], name=op.f("fk_network_nodes_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_nodes")),
        sa.UniqueConstraint("code", name=op.f("uq_network_nodes_code")),
    )
    op.create_index(op.f("ix_network_nodes_parent_id"), "network_nodes", ["parent_id"], unique=False)
    op.create_table(
        "tariffs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariffs")),
        sa.UniqueConstraint("code", name=op.f("uq_tariffs_code")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role in ('agent', 'marketer', 'ops', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint("login = lower(login)", name=op.f("ck_users_login_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle_day", sa.SmallInteger(), nullable=False),
        sa.Column("terms_days", sa.SmallInteger(), server_default="14", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payment_method", sa.Text(), server_default="transfer", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "closed_on is null or closed_on >= opened_on", name=op.f("ck_accounts_closed_after_opened")
        ),
        sa.CheckConstraint("cycle_day between 1 and 28", name=op.f("ck_accounts_cycle_day")),
        sa.CheckConstraint("terms_days between 0 and 120", name=op.f("ck_accounts_terms_days")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_accounts_customer_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["customers.id"], name=op.f("fk_accounts_payer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("number", name=op.f("uq_accounts_number")),
    )
    op.create_index(op.f("ix_accounts_customer_id"), "accounts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_accounts_cycle_day"), "accounts", ["cycle_day"], unique=False)
    op.create_index(op.f("ix_accounts_payer_id"), "accounts", ["payer_id"], unique=False)
    op.create_table(
        "churn_scores",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_churn_scores_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_id"], ["churn_models.id"], name=op.f("fk_churn_scores_model_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_churn_scores")),
    )
    op.create_index(op.f("ix_churn_scores_score"), "churn_scores", ["score"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("proof", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("channel in ('email', 'sms', 'letter')", name=op.f("ck_consents_channel")),
        sa.CheckConstraint("purpose in ('service', 'marketing')", name=op.f("ck_consents_purpose")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_consents_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(
        op.f("ix_consents_customer_id_purpose_channel_at"),
        "consents",
        ["customer_id", "purpose", "channel", "at"],
        unique=False,
    )
    op.create_table(
        "contact_points",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("normal", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("preferred", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("kind in ('email', 'phone', 'post')", name=op.f("ck_contact_points_kind")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_contact_points_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_points")),
        sa.UniqueConstraint(
            "customer_id", "kind", "normal", name=op.f("uq_contact_points_customer_id_kind_normal")
        ),
    )
    op.create_index(
        op.f("ix_contact_points_normal"),
        "contact_points",
        ["normal"],
        unique=False,
        postgresql_ops={"normal": "text_pattern_ops"},
    )
    op.create_index(
        "ix_contact_points_normal_trgm",
        "contact_points",
        ["normal"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"normal": "gin_trgm_ops"},
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), server_default="in", nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("complaint", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "channel in ('call', 'email', 'letter', 'visit', 'web')", name=op.f("ck_contacts_channel")
        ),
        sa.CheckConstraint("direction in ('in', 'out')", name=op.f("ck_contacts_direction")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_contacts_author_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_contacts_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_customer_id_at"), "contacts", ["customer_id", "at"], unique=False)
    op.create_table(
        "customer_flags",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.CheckConstraint("kind in ('vulnerable', 'medical')", name=op.f("ck_customer_flags_kind")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_flags_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_flags")),
        sa.UniqueConstraint("customer_id", "kind", name=op.f("uq_customer_flags_customer_id_kind")),
    )
    op.create_table(
        "feeds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("readings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blocks_added", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blocks_changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("blocks_unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "problems",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("repeat_of", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status in ('ok', 'partial', 'rejected', 'unchanged')", name=op.f("ck_feeds_status")
        ),
        sa.ForeignKeyConstraint(["repeat_of"], ["feeds.id"], name=op.f("fk_feeds_repeat_of")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_feeds_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
    )
    op.create_index(op.f("ix_feeds_received_at"), "feeds", ["received_at"], unique=False)
    op.create_index(op.f("ix_feeds_sha256"), "feeds", ["sha256"], unique=False)
    op.create_table(
        "outages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_outages_half_open")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_outages_created_by")),
        sa.ForeignKeyConstraint(["node_id"], ["network_nodes.id"], name=op.f("fk_outages_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint(
            "node_id", "starts_at", "ends_at", name=op.f("uq_outages_node_id_starts_at_ends_at")
        ),
    )
    op.create_index(op.f("ix_outages_node_id_ends_at"), "outages", ["node_id", "ends_at"], unique=False)
    op.create_table(
        "premises",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("country", sa.Text(), server_default="GB", nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["network_nodes.id"], name=op.f("fk_premises_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premises")),
        sa.UniqueConstraint("code", name=op.f("uq_premises_code")),
    )
    op.create_index(op.f("ix_premises_node_id"), "premises", ["node_id"], unique=False)
    op.create_table(
        "account_balances",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_balances_account_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_balances")),
    )
    op.create_table(
        "bills",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("micro_kwh", sa.BigInteger(), nullable=False),
        sa.Column("estimated_micro_kwh", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("estimated_readings", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="issued", nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("account_id"), "="),
            (sa.text("daterange(starts_on, ends_before)"), "&&"),
            where=sa.text("status = 'issued'"),
            using="gist",
            name="ex_bills_once",
        ),
        sa.CheckConstraint("status in ('issued', 'cancelled')", name=op.f("ck_bills_status")),
        sa.CheckConstraint("ends_before > starts_on", name=op.f("ck_bills_half_open")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_bills_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("number", name=op.f("uq_bills_number")),
    )
    op.create_index(op.f("ix_bills_account_id_starts_on"), "bills", ["account_id", "starts_on"], unique=False)
    op.create_index(
        "ix_bills_open", "bills", ["due_on"], unique=False, postgresql_where=sa.text("open_minor > 0")
    )
    op.create_table(
        "held_bills",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_held_bills_account_id")),
        sa.ForeignKeyConstraint(["released_by"], ["users.id"], name=op.f("fk_held_bills_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_bills")),
        sa.UniqueConstraint("account_id", "starts_on", name=op.f("uq_held_bills_account_id_starts_on")),
    )
    op.create_table(
        "occupancies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("premise_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("account_id"), "="),
            (sa.column("premise_id"), "="),
            (sa.text("daterange(starts_on, ends_before)"), "&&"),
            using="gist",
            name="ex_occupancies_once",
        ),
        sa.CheckConstraint(
            "ends_before is null or ends_before > starts_on", name=op.f("ck_occupancies_half_open")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_occupancies_account_id")),
        sa.ForeignKeyConstraint(["premise_id"], ["premises.id"], name=op.f("fk_occupancies_premise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancies")),
    )
    op.create_index(op.f("ix_occupancies_premise_id"), "occupancies", ["premise_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="50", nullable=False),
        sa.Column(
            "context",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("useful_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claims", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until is not null)", name=op.f("ck_outbox_sending_has_a_lease")
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at is not null)", name=op.f("ck_outbox_sent_has_a_time")
        ),
        sa.CheckConstraint(
            "state <> 'withheld' or reason is not null", name=op.f("ck_outbox_withheld_has_a_reason")
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'sending', 'sent', 'dead', 'withheld')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_outbox_account_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_outbox_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_about"), "outbox", ["about"], unique=False)
    op.create_index(
        op.f("ix_outbox_customer_id_created_at"), "outbox", ["customer_id", "created_at"], unique=False
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["priority", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('waiting', 'sending')"),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_payments_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("reference", name=op.f("uq_payments_reference")),
    )
    op.create_index(
        op.f("ix_payments_account_id_received_at"), "payments", ["account_id", "received_at"], unique=False
    )
    op.create_table(
        "service_points",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("premise_id", sa.BigInteger(), nullable=True),
        sa.Column("fuel", sa.Text(), server_default="electricity", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("fuel in ('electricity', 'gas', 'water')", name=op.f("ck_service_points_fuel")),
        sa.ForeignKeyConstraint(["premise_id"], ["premises.id"], name=op.f("fk_service_points_premise_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_points")),
        sa.UniqueConstraint("code", name=op.f("uq_service_points_code")),
    )
    op.create_index(op.f("ix_service_points_premise_id"), "service_points", ["premise_id"], unique=False)
    op.create_index(
        "ix_service_points_code_begins",
        "service_points",
        [sa.literal_column("upper(code) text_pattern_ops")],
        unique=False,
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("service_point_id", sa.BigInteger(), nullable=False),
        sa.Column("tariff_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("service_point_id"), "="),
            (sa.text("daterange(starts_on, ends_before)"), "&&"),
            using="gist",
            name="ex_agreements_no_overlap",
        ),
        sa.CheckConstraint(
            "end_reason in ('moved', 'switched', 'cut_off', 'died', 'changed_tariff')",
            name=op.f("ck_agreements_end_reason"),
        ),
        sa.CheckConstraint(
            "(ends_before is null) = (end_reason is null)", name=op.f("ck_agreements_end_has_a_reason")
        ),
        sa.CheckConstraint(
            "ends_before is null or ends_before > starts_on", name=op.f("ck_agreements_half_open")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_agreements_account_id")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_points.id"], name=op.f("fk_agreements_service_point_id")
        ),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariffs.id"], name=op.f("fk_agreements_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index(op.f("ix_agreements_account_id"), "agreements", ["account_id"], unique=False)
    op.create_index(op.f("ix_agreements_tariff_id"), "agreements", ["tariff_id"], unique=False)
    op.create_table(
        "channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_point_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("offset_minutes", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("direction in ('import', 'export')", name=op.f("ck_channels_direction")),
        sa.CheckConstraint("unit in ('kWh', 'kVArh', 'm3')", name=op.f("ck_channels_unit")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_points.id"], name=op.f("fk_channels_service_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("service_point_id", "name", name=op.f("uq_channels_service_point_id_name")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "credit in ('receivable', 'revenue', 'tax', 'cash')", name=op.f("ck_ledger_entries_credit")
        ),
        sa.CheckConstraint(
            "debit in ('receivable', 'revenue', 'tax', 'cash')", name=op.f("ck_ledger_entries_debit")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_entries_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_entries_two_sides")),
        sa.CheckConstraint("num_nonnulls(bill_id, payment_id) = 1", name=op.f("ck_ledger_entries_one_cause")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_ledger_entries_account_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_ledger_entries_bill_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_ledger_entries_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        op.f("ix_ledger_entries_account_id_posted_on"),
        "ledger_entries",
        ["account_id", "posted_on"],
        unique=False,
    )
    op.create_table(
        "meters",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("service_point_id", sa.BigInteger(), nullable=False),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("removed_before", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("service_point_id"), "="),
            (sa.text("daterange(installed_on, removed_before)"), "&&"),
            using="gist",
            name="ex_meters_one_at_a_time",
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_points.id"], name=op.f("fk_meters_service_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meters")),
    )
    op.create_index(
        "ix_meters_serial_begins",
        "meters",
        [sa.literal_column("upper(serial) text_pattern_ops")],
        unique=False,
    )
    op.create_table(
        "bill_fills",
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("micro_kwh", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_bill_fills_bill_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_bill_fills_channel_id")),
        sa.PrimaryKeyConstraint("bill_id", "channel_id", name=op.f("pk_bill_fills")),
    )
    op.create_table(
        "bill_lines",
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("agreement_id", sa.BigInteger(), nullable=True),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("quantity_micro", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("price_micro", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "charge in ('fixed', 'energy', 'demand', 'minimum', 'export', 'discount', 'tax', 'fee')",
            name=op.f("ck_bill_lines_charge"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_bill_lines_agreement_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_bill_lines_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "position", name=op.f("pk_bill_lines")),
    )


def downgrade() -> None:
    op.drop_table("bill_lines")
    op.drop_table("bill_fills")
    op.drop_index("ix_meters_serial_begins", table_name="meters")
    op.drop_table("meters")
    op.drop_index(op.f("ix_ledger_entries_account_id_posted_on"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_table("channels")
    op.drop_index(op.f("ix_agreements_tariff_id"), table_name="agreements")
    op.drop_index(op.f("ix_agreements_account_id"), table_name="agreements")
    op.drop_table("agreements")
    op.drop_index("ix_service_points_code_begins", table_name="service_points")
    op.drop_index(op.f("ix_service_points_premise_id"), table_name="service_points")
    op.drop_table("service_points")
    op.drop_index(op.f("ix_payments_account_id_received_at"), table_name="payments")
    op.drop_table("payments")
    op.drop_index(
        "ix_outbox_due", table_name="outbox", postgresql_where=sa.text("state in ('waiting', 'sending')")
    )
    op.drop_index(op.f("ix_outbox_customer_id_created_at"), table_name="outbox")
    op.drop_index(op.f("ix_outbox_about"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_occupancies_premise_id"), table_name="occupancies")
    op.drop_table("occupancies")
    op.drop_table("held_bills")
    op.drop_index("ix_bills_open", table_name="bills", postgresql_where=sa.text("open_minor > 0"))
    op.drop_index(op.f("ix_bills_account_id_starts_on"), table_name="bills")
    op.drop_table("bills")
    op.drop_table("account_balances")
    op.drop_index(op.f("ix_premises_node_id"), table_name="premises")
    op.drop_table("premises")
    op.drop_index(op.f("ix_outages_node_id_ends_at"), table_name="outages")
    op.drop_table("outages")
    op.drop_index(op.f("ix_feeds_sha256"), table_name="feeds")
    op.drop_index(op.f("ix_feeds_received_at"), table_name="feeds")
    op.drop_table("feeds")
    op.drop_table("customer_flags")
    op.drop_index(op.f("ix_contacts_customer_id_at"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(
        "ix_contact_points_normal_trgm",
        table_name="contact_points",
        postgresql_using="gin",
        postgresql_ops={"normal": "gin_trgm_ops"},
    )
    op.drop_index(
        op.f("ix_contact_points_normal"),
        table_name="contact_points",
        postgresql_ops={"normal": "text_pattern_ops"},
    )
    op.drop_table("contact_points")
    op.drop_index(op.f("ix_consents_customer_id_purpose_channel_at"), table_name="consents")
    op.drop_table("consents")
    op.drop_index(op.f("ix_churn_scores_score"), table_name="churn_scores")
    op.drop_table("churn_scores")
    op.drop_index(op.f("ix_accounts_payer_id"), table_name="accounts")
    op.drop_index(op.f("ix_accounts_cycle_day"), table_name="accounts")
    op.drop_index(op.f("ix_accounts_customer_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_table("users")
    op.drop_table("tariffs")
    op.drop_index(op.f("ix_network_nodes_parent_id"), table_name="network_nodes")
    op.drop_table("network_nodes")
    op.drop_table("mailbox")
    op.drop_table("job_runs")
    op.drop_table("installation")
    op.drop_index("ix_customers_name_trgm", table_name="customers", postgresql_using="gin")
    op.drop_table("customers")
    op.drop_table("churn_models")
    op.drop_index(op.f("ix_block_history_replaced_by"), table_name="block_history")
    op.drop_index(op.f("ix_block_history_channel_id_day"), table_name="block_history")
    op.drop_table("block_history")
    op.execute("drop extension if exists pg_trgm")
    op.execute("drop extension if exists btree_gist")
