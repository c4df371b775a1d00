"""TimescaleDB only: feeds into chunks that are compressed already."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import text

from meters.actions import ingest
from meters.store.writing import make_room
from utility_crm.kit.database import make_engine, unit_of_work

AUTUMN = JUNE + timedelta(days=100)
CHUNKS = "select show_chunks('blocks')::text"


@pytest.fixture
def fresh(fresh_database_url: str):
    engine = make_engine(fresh_database_url)
    with engine.connect() as connection:
        if not connection.scalar(text("select 1 from pg_extension where extname = 'timescaledb'")):
            engine.dispose()
            pytest.skip("this server has no TimescaleDB")
    with engine.begin() as connection:  # the tests compress by themselves, when they want to
        connection.execute(text(BY_ITSELF))
    yield engine
    engine.dispose()


def test_corrections_into_compressed_chunks(fresh, tmp_path) -> None:
    days = [(f"SP{point}", JUNE + timedelta(days=day), [1] * 48) for point in range(20) for day in range(60)]
    with unit_of_work(fresh) as session:
        ingest(session, csv_file(tmp_path, "a.csv", *days))
    compressed(fresh)
    with unit_of_work(fresh) as session:
        session.execute(
            text("set local timescaledb.max_tuples_decompressed_per_dml_transaction = 5")
        )  # too few: the ingest lifts it
        corrected = [(point, day, [2] * 48) for point, day, _values in days[::2]]
        known = ("SP1", JUNE + timedelta(days=1), [1] * 10 + [None] * 38)
        taken = ingest(session, csv_file(tmp_path, "b.csv", *corrected, known))
    assert (taken.blocks_added, taken.blocks_changed, taken.blocks_unchanged) == (0, 600, 1)
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from blocks")) == len(days)
        assert connection.scalar(text("select count(*) from block_history where micro[1] = 1000000")) == 600
        assert connection.scalar(text("select count(*) from blocks where micro[48] = 2000000")) == 600


def test_what_was_opened_is_compressed_again(fresh, tmp_path) -> None:
    """Days by COPY and by upsert into compressed chunks; then the columnstore has them all, nothing of them
    is other, and vacuum (which comes by itself) gives back the room of what was opened. Compressed from the
    start they take hardly more than if nothing had been corrected."""
    points = [f"SP{point:03}" for point in range(60)]
    rng = np.random.default_rng(5)
    first = rng.integers(0, 2_000, (len(points), 80, 48)) / 1000
    days = [JUNE + timedelta(days=number) for number in range(80)]

    def taken(name: str, values: np.ndarray, of_days: slice):
        rows = [
            (point, day, values[place][number].tolist())
            for place, point in enumerate(points)
            for number, day in list(enumerate(days))[of_days]
        ]
        with unit_of_work(fresh) as session:
            return ingest(session, csv_file(tmp_path, name, *rows))

    taken("a.csv", first, slice(0, 60))
    compressed(fresh)
    with fresh.connect() as connection:
        closed, state = connection.scalar(text(BYTES)), contents(connection)
    corrected = first.copy()
    corrected[::3, 10:50] += 1
    again = taken("b.csv", corrected, slice(5, 80))  # the same, others, and new ones among them
    assert (again.blocks_added, again.blocks_changed) == (60 * 20, 20 * 40)
    with fresh.connect() as connection:
        opened, changed = connection.scalar(text(BYTES)), contents(connection)
    assert changed != state and opened > closed
    grown = closed * 80 / 60  # by the days that are new
    for from_the_start, most in ((False, 1.6), (True, 1.25)):
        compressed(fresh, from_the_start)
        with fresh.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum blocks"))
            assert connection.scalar(text(OPEN)) == 0 and contents(connection) == changed
            assert connection.scalar(text(BYTES)) < min(opened, float(grown) * most)


BY_ITSELF = """
select alter_job(job_id, scheduled => false) from timescaledb_information.jobs
where hypertable_name = 'blocks'
"""
BYTES = "select sum(total_bytes) from chunks_detailed_size('blocks')"
OPEN = """
select count(*) from timescaledb_information.chunks
where hypertable_name = 'blocks' and not is_compressed
"""


def contents(connection) -> tuple[int, str]:
    rows = "select md5(row(channel_id, day, micro, quality, feed_id, line)::text) as one from blocks"
    return tuple(
        connection.execute(
            text(f"select count(*), md5(string_agg(one, '' order by one)) from ({rows})")
        ).one()
    )


def compressed(engine, from_the_start: bool = False) -> None:
    """What the policy does when its time has come, chunk by chunk; or all of a chunk anew."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for chunk in connection.execute(text(CHUNKS)).scalars().all():
            words = f"call convert_to_columnstore('{chunk}', recompress => {from_the_start})"
            connection.execute(text(words))


def test_chunks_are_taken_for_writing_before_they_are_read(fresh, tmp_path) -> None:
    """Or the columnstore policy and a feed that is merged into known days stop each other."""
    with unit_of_work(fresh) as session:
        ingest(session, csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 48), ("SP1", AUTUMN, [1] * 48)))
    held = text(
        "select count(*) from pg_locks l join pg_class c on c.oid = l.relation "
        "where l.pid = pg_backend_pid() and l.mode = 'RowExclusiveLock' and c.relname like '\\_hyper%chunk'"
    )
    with unit_of_work(fresh) as session:
        assert session.scalar(held) == 0
        make_room(session, [JUNE])
        assert session.scalar(held) == 1
        make_room(session, [AUTUMN])
        assert session.scalar(held) == 2
