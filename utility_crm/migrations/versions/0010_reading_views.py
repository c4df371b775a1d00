"""Readings for SQL: sums of a day, the view of daily totals, and what is to be kept and made ahead.

On TimescaleDB `daily_totals` is a continuous aggregate, refreshed by its own policy and completed with what
came since; on plain PostgreSQL it is a view over the same blocks. `drop_blocks_before(day)` lets go of whole
months (chunks, partitions) that end before the day, and says how many.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SUMS = """
create function micro_sum(micro bigint[]) returns bigint
language sql immutable parallel safe strict
as $$ select coalesce(sum(m), 0)::bigint from unnest(micro) as m $$;

create function present_count(micro bigint[]) returns integer
language sql immutable parallel safe strict
as $$ select cardinality(micro) - cardinality(array_positions(micro, null)) $$;
"""

TOTALS = """
select channel_id, {day} as day, sum(micro_sum(micro))::bigint as micro,
       sum(present_count(micro))::bigint as readings, sum(cardinality(micro))::bigint as due
from blocks group by 1, 2
"""

DROP_CHUNKS = """
create function drop_blocks_before(day date) returns integer language plpgsql as $$
begin
    return (select count(*) from drop_chunks('blocks', older_than => day));
end $$
"""

DROP_PARTITIONS = """
create function drop_blocks_before(day date) returns integer language plpgsql as $$
declare
    part text;
    dropped integer := 0;
begin
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'blocks'::regclass and c.relname ~ '^blocks_[0-9]{6}$'
          and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= day
        order by c.relname
    loop
        execute format('drop table %I', part);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$
"""


def _timescale() -> bool:
    return (
        op.get_bind().scalar(sa.text("select 1 from pg_extension where extname = 'timescaledb'")) is not None
    )


def upgrade() -> None:
    op.execute(SUMS)
    if _timescale():
        totals = TOTALS.format(day="time_bucket('1 day', day)")
        op.execute(
            "create materialized view daily_totals with (timescaledb.continuous, "
            f"timescaledb.materialized_only = false, timescaledb.create_group_indexes = true) as {totals} "
            "with no data"
        )
        op.execute(
            "select add_continuous_aggregate_policy('daily_totals', start_offset => null, "
            "end_offset => interval '1 day', schedule_interval => interval '1 hour')"
        )
        op.execute(DROP_CHUNKS)
    else:
        op.execute(f"create view daily_totals as {TOTALS.format(day='day')}")
        op.execute(DROP_PARTITIONS)


def downgrade() -> None:
    op.execute("drop function drop_blocks_before(date)")
    op.execute(f"drop {'materialized ' if _timescale() else ''}view daily_totals")
    op.execute("drop function micro_sum(bigint[])")
    op.execute("drop function present_count(bigint[])")
