"""Readings as blocks: a hypertable where the server has TimescaleDB, else range partitions by month.

Both have the same columns, key and view. `make_block_partitions(first, last)` makes what an ingest of those
days needs: on plain PostgreSQL a table a month, attached (which locks no reader and no writer of the others);
on TimescaleDB, where chunks come by themselves, those that are there are taken for writing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = """
    channel_id bigint not null,
    day date not null,
    micro bigint[] not null,
    quality smallint,
    qualities smallint[],
    feed_id bigint not null,
    constraint pk_blocks primary key (channel_id, day),
    constraint ck_blocks_whole_day check (1440 % cardinality(micro) = 0),
    constraint ck_blocks_one_quality check ((quality is null) <> (qualities is null))
"""

BY_MONTH = """
create function make_block_partitions(first date, last date) returns void language plpgsql as $$
declare
    month date := date_trunc('month', first)::date;
    part text;
begin
    while month <= last loop
        part := 'blocks_' || to_char(month, 'YYYYMM');
        if to_regclass(part) is null then
            -- One at a time; taking a table's lock also shows what others have made meanwhile.
            lock table only blocks in share update exclusive mode;
            if to_regclass(part) is null then
                execute format('create table %I (like blocks including defaults including constraints)',
                               part);
                execute format('alter table blocks attach partition %I for values from (%L) to (%L)',
                               part, month, (month + interval '1 month')::date);
            end if;
        end if;
        month := (month + interval '1 month')::date;
    end loop;
end $$
"""

# Whoever reads a chunk and then writes to it, while the columnstore policy is at work on it, waits for the
# policy as the policy waits for them. So the chunks that are there are taken for writing first.
BY_CHUNK = """
create function make_block_partitions(first date, last date) returns void language plpgsql as $$
declare
    part text;
begin
    for part in
        select format('%I.%I', chunk_schema, chunk_name) from timescaledb_information.chunks
        where hypertable_schema = current_schema() and hypertable_name = 'blocks'
          and range_start <= last and range_end > first
        order by chunk_name
    loop
        execute format('lock table %s in row exclusive mode', part);
    end loop;
end $$
"""

VIEW = """
create view readings as
select b.channel_id,
       b.day,
       (b.day::timestamp at time zone 'UTC')
           - make_interval(mins => c.offset_minutes::int)
           + (r.place - 1) * make_interval(mins => 1440 / cardinality(b.micro)) as starts_at,
       r.micro::numeric / 1000000 as value,
       c.unit,
       coalesce(b.quality, b.qualities[r.place]) as quality
from blocks b
join channels c on c.id = b.channel_id
cross join lateral unnest(b.micro) with ordinality as r(micro, place)
"""


def has_timescale() -> bool:
    """Whether the server can have the extension, and lets us make it."""
    found = op.get_bind().scalar(sa.text("select 1 from pg_available_extensions where name = 'timescaledb'"))
    return found is not None


def upgrade() -> None:
    if has_timescale():
        op.execute("create extension if not exists timescaledb")
        op.execute(f"create table blocks ({COLUMNS})")
        by_month = "by_range('day', interval '1 month'), create_default_indexes => false"
        op.execute(f"select create_hypertable('blocks', {by_month})")
        op.execute(
            "alter table blocks set (timescaledb.enable_columnstore, "
            "timescaledb.segmentby = 'channel_id', timescaledb.orderby = 'day')"
        )
        op.execute("call add_columnstore_policy('blocks', after => interval '3 months')")
        op.execute(BY_CHUNK)
    else:
        op.execute(f"create table blocks ({COLUMNS}) partition by range (day)")
        op.execute(BY_MONTH)
    op.execute("create index ix_blocks_feed_id on blocks (feed_id)")
    op.execute(VIEW)


def downgrade() -> None:
    op.execute("drop view readings")
    op.execute("drop function make_block_partitions(date, date)")
    op.execute("drop table blocks")
