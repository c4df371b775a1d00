"""The numbers of those who speak for customers, so that they are known when they ring; who called so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from utility_crm.customers.reach import number_in
from utility_crm.kit.settings import settings

revision = "0058"
down_revision = "0056"
branch_labels = None
depends_on = None

NEW = (
    "alter table relations add reach_number text default '' not null",
    "alter table calls add relation_id bigint constraint fk_calls_relation_id "
    "references relations (id) on delete set null",
    "create index ix_calls_relation_id on calls (relation_id)",
)
INDEX = "create index ix_relations_reach_number on relations (reach_number) where reach_number <> ''"
OLD = (
    "alter table calls drop column relation_id",
    "alter table relations drop column reach_number",
)
_SAID = sa.text("select id, reach from relations where reach <> ''")
_KEEP = sa.text("update relations set reach_number = :number where id = :id")


def upgrade() -> None:
    for statement in NEW:
        op.execute(statement)
    connection, country = op.get_bind(), settings().country
    said = connection.execute(_SAID).all()
    if found := [
        {"id": id_, "number": number} for id_, reach in said if (number := number_in(reach, country))
    ]:
        connection.execute(_KEEP, found)
    op.execute(INDEX)


def downgrade() -> None:
    for statement in OLD:
        op.execute(statement)
