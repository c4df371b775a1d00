"""Lines of bills never change, and of a bill only what becomes of it: the database refuses the rest."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STAYING = (
    "account_id, number, starts_on, ends_before, issued_on, currency, total_minor, micro_kwh, "
    "estimated_micro_kwh, known_at"
)


def upgrade() -> None:
    op.execute(
        "create trigger bill_lines_never_change before update or delete or truncate on bill_lines "
        "for each statement execute function ledger_stays()"
    )
    op.execute(
        f"create trigger bills_never_change before delete or truncate or update of {STAYING} on bills "
        "for each statement execute function ledger_stays()"
    )


def downgrade() -> None:
    op.execute("drop trigger bills_never_change on bills")
    op.execute("drop trigger bill_lines_never_change on bill_lines")
