"""The history goes up and down, and what it makes is what the tables say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from utility_crm.installed import load_tables
from utility_crm.kit.database import Base, make_engine
from utility_crm.kit.migrations import migrate

PLACES = (
    "select count(*) from pg_class where relkind in ('r', 'p', 'v') and relnamespace = 'public'::regnamespace"
)


def ours(_item: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(("blocks_", "_")))


def test_the_history_makes_what_the_tables_say(fresh_database_url: str) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_down_to_nothing_and_up_again(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    migrate(engine, "base", down=True)
    with engine.connect() as connection:
        assert connection.scalar(text(PLACES)) == 1  # alembic's own
    migrate(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("select to_regclass('blocks') is not null"))
    engine.dispose()


def test_partitions_come_where_a_feed_needs_them(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    with engine.begin() as connection:
        for _ in range(2):
            connection.execute(text("select make_block_partitions('2024-01-31', '2024-03-01')"))
        connection.execute(
            text("insert into blocks values (1, '2024-02-29', array_fill(1::bigint, array[48]), 0, null, 1)")
        )
        assert connection.scalar(text("select count(*) from blocks where day = '2024-02-29'")) == 1
    engine.dispose()
