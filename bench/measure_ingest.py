"""Taking readings in: from a file to judged, committed blocks with history, against a row a reading.

The reference for the database is what a careful hand would write: a binary COPY of numpy arrays into a table
with a primary key. It reads no file, judges nothing, keeps no history, merges nothing and cannot take the
same thing twice. Rows and files are made from the same readings; the tables are empty before every first
load. Seconds of processor are those of this process and of the whole database server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.databases import migrated_database, seconds_of_both
from bench.measurement import Measurement, side_by_side
from bench.nem12_files import nem12_file
from meters.actions import TakenFeed, ingest
from meters.domain.quality import Quality
from meters.feeds.reading import read_feed
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.driver import driver_cursor

METERS, DAYS, A_DAY = 500, 62, 48
CSV_METERS, CSV_DAYS = 100, 31
READINGS = METERS * DAYS * A_DAY
FIRST = date(2026, 1, 1)
_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)


def measurements() -> Iterator[Measurement]:
    """Million readings a second, and seconds against seconds."""
    load_tables()
    with _tables() as engine, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        nem12_file(path, DAYS, meters=METERS)
        yield from _first_load(engine, path)
        yield from _again(engine, path)
        yield _csv_file(engine, Path(folder))


def _first_load(engine: Engine, path: Path) -> Iterator[Measurement]:
    """A file nobody has seen, of channels nobody has seen."""
    blocks = read_feed(path).blocks
    micro = np.stack([block.values for block in blocks]).reshape(METERS, DAYS * A_DAY)
    start = int(blocks[0].starts_at.timestamp()) // 60
    minutes = np.tile(start + 30 * np.arange(DAYS * A_DAY), METERS)
    meter = np.repeat(np.arange(METERS), DAYS * A_DAY)

    def rows() -> None:
        _write_rows(engine, meter, minutes, micro.reshape(-1))

    seconds = side_by_side(lambda: _taken_first(engine, path), rows, worked_so_far=seconds_of_both(engine))
    for name, ours, reference in (
        ("wall", seconds.ours, seconds.reference),
        ("CPU", seconds.ours_cpu, seconds.reference_cpu),
    ):
        rates = READINGS / 1e6 / ours, READINGS / 1e6 / reference
        words = f"NEM12 file to judged blocks, M readings/s ({name}), to COPY of rows"
        yield Measurement(words, *rates, "higher", 2.0)


def _again(engine: Engine, path: Path) -> Iterator[Measurement]:
    """The same readings in another file, which find every day as it is; and the very same file."""
    stamps = count()

    def other_file() -> None:
        with path.open("r+b") as file:
            file.write(b"100,NEM12,%012d" % (202_602_020_000 + next(stamps)))
        taken = _taken(engine, path)
        assert (taken.status, taken.blocks_unchanged) == ("unchanged", METERS * DAYS)
        assert taken.before is None

    def same_file() -> None:
        assert _taken(engine, path).before is not None

    def first() -> None:
        _taken_first(engine, path)

    seconds = side_by_side(other_file, first, worked_so_far=seconds_of_both(engine))
    words = "the same readings in another file, s (%s), to their first load"
    yield Measurement(words % "wall", seconds.ours, seconds.reference, "lower", 0.8)
    yield Measurement(words % "CPU", seconds.ours_cpu, seconds.reference_cpu, "lower", 0.8)
    seconds = side_by_side(same_file, first)
    yield Measurement(
        "the same file again, s, to its first load", seconds.ours, seconds.reference, "lower", 0.1
    )


def _taken_first(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text("truncate blocks, block_history, feeds, service_points cascade"))
    taken = _taken(engine, path)
    assert (taken.status, taken.readings, taken.blocks_added) == ("ok", READINGS, METERS * DAYS)


def _taken(engine: Engine, path: Path) -> TakenFeed:
    with unit_of_work(engine) as session:
        return ingest(session, path)


def _csv_file(engine: Engine, folder: Path) -> Measurement:
    """From file to table. The reference rounds floats, and fails over a reading that is there already."""
    path = folder / "rows.csv"
    micro = np.random.default_rng(7).integers(0, 2_000, (CSV_METERS, CSV_DAYS * A_DAY)) * 1000
    starts = pd.date_range(FIRST, periods=CSV_DAYS * A_DAY, freq="30min", tz="UTC")
    stamps = starts.strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = (
        f"M{meter:05},{stamp},{value / 1e6}"
        for meter, values in enumerate(micro.tolist())
        for stamp, value in zip(stamps, values, strict=True)
    )
    path.write_text("service_point,starts_at,kwh\n" + "\n".join(lines) + "\n")

    def ours() -> None:
        with engine.begin() as connection:
            connection.execute(text("truncate blocks, block_history, feeds cascade"))
        assert _taken(engine, path).readings == micro.size

    def pandas_and_rows() -> None:
        frame = pd.read_csv(path, parse_dates=["starts_at"])
        meter = frame["service_point"].astype("category").cat.codes.to_numpy()
        minutes = frame["starts_at"].to_numpy(dtype="datetime64[m]").astype(np.int64)
        energy = np.rint(frame["kwh"].to_numpy() * 1e6).astype(np.int64)
        _write_rows(engine, meter, minutes, energy)

    seconds = side_by_side(ours, pandas_and_rows)
    return Measurement(
        "a CSV taken in, s, to pandas and COPY of rows", seconds.ours, seconds.reference, "lower", 1.5
    )


@contextmanager
def _tables() -> Iterator[Engine]:
    with migrated_database() as engine:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "create table rows (channel_id bigint, starts_at timestamptz, micro bigint, "
                    "quality smallint, primary key (channel_id, starts_at))"
                )
            )
        yield engine


def _write_rows(engine: Engine, meter: np.ndarray, minutes: np.ndarray, micro: np.ndarray) -> None:
    """Binary COPY of arrays: minutes since 1970, millionths of a kWh."""
    fields = [
        ("fields", ">i2"), ("l1", ">i4"), ("channel", ">i8"), ("l2", ">i4"), ("starts_at", ">i8"),
        ("l3", ">i4"), ("micro", ">i8"), ("l4", ">i4"), ("quality", ">i2"),
    ]  # fmt: skip
    packed = np.zeros(micro.size, dtype=fields)
    packed["fields"], packed["l1"], packed["l2"], packed["l3"], packed["l4"] = 4, 8, 8, 8, 2
    packed["channel"], packed["micro"], packed["quality"] = meter, micro, int(Quality.ACTUAL)
    packed["starts_at"] = (minutes * 60 - int(_EPOCH_2000.timestamp())) * 1_000_000
    with Session(engine) as session, session.begin():
        session.execute(text("truncate rows"))
        with driver_cursor(session) as cursor, cursor.copy("copy rows from stdin (format binary)") as copy:
            copy.write(_HEAD + packed.tobytes() + b"\xff\xff")
