"""Taking readings in: blocks with history against a row a reading.

The reference for the database is what a careful hand would write: a binary COPY of numpy arrays into a table
with a primary key. It keeps no history, merges nothing and cannot take the same file twice. Rows and blocks
are made from the same arrays; the tables are empty before every run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.databases import migrated_database
from bench.measurement import Measurement, side_by_side
from meters.actions import ingest
from meters.domain.blocks import Block
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.store import store_blocks
from meters.usage import enter_readings
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.driver import driver_cursor

METERS, DAYS, A_DAY = 300, 31, 48
READINGS = METERS * DAYS * A_DAY
FIRST = date(2026, 1, 1)
_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)


def measurements() -> Iterator[Measurement]:
    """Million readings a second into the database, and seconds from a file to the table."""
    micro = np.random.default_rng(7).integers(0, 2_000, (METERS, DAYS, A_DAY)) * 1000
    with _tables() as engine, tempfile.TemporaryDirectory() as folder:
        yield from _stored(engine, micro)
        yield _csv_file(engine, Path(folder), micro[:100])


def _stored(engine: Engine, micro: np.ndarray) -> Iterator[Measurement]:
    """The first load, and the same again: what a row a reading can only do once."""
    blocks = list(_blocks(micro))
    seconds = side_by_side(lambda: _store(engine, blocks), lambda: _copy_rows(engine, micro), rounds=3)
    rates = READINGS / 1e6 / seconds.ours, READINGS / 1e6 / seconds.reference
    yield Measurement("first load, M readings/s, to COPY of rows", *rates, "higher", 2.0)
    again = side_by_side(
        lambda: _store(engine, blocks, anew=False), lambda: _copy_rows(engine, micro), rounds=3
    )
    rates = READINGS / 1e6 / again.ours, READINGS / 1e6 / again.reference
    yield Measurement("same again, M readings/s, to COPY of rows", *rates, "higher", 2.0)


def _csv_file(engine: Engine, folder: Path, micro: np.ndarray) -> Measurement:
    """From file to table. The reference rounds floats, and fails over a reading that is there already."""
    path = folder / "readings.csv"
    starts = pd.date_range(FIRST, periods=DAYS * A_DAY, freq="30min", tz="UTC")
    stamps = starts.strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = (
        f"M{meter:05},{stamp},{value / 1e6}"
        for meter, values in enumerate(micro.reshape(len(micro), -1).tolist())
        for stamp, value in zip(stamps, values, strict=True)
    )
    path.write_text("service_point,starts_at,kwh\n" + "\n".join(lines) + "\n")

    def ours() -> None:
        _empty(engine)
        with unit_of_work(engine) as session:
            assert ingest(session, path).readings == micro.size

    def pandas_and_rows() -> None:
        frame = pd.read_csv(path, parse_dates=["starts_at"])
        meter = frame["service_point"].astype("category").cat.codes.to_numpy()
        minutes = frame["starts_at"].to_numpy(dtype="datetime64[m]").astype(np.int64)
        energy = np.rint(frame["kwh"].to_numpy() * 1e6).astype(np.int64)
        _write_rows(engine, meter, minutes, energy)

    seconds = side_by_side(ours, pandas_and_rows, rounds=3)
    return Measurement(
        "a CSV taken in, s, to pandas and COPY of rows", seconds.ours, seconds.reference, "lower", 4.0
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


def _blocks(micro: np.ndarray) -> Iterator[Block]:
    for meter, days in enumerate(micro):
        for number, values in enumerate(days):
            yield Block(
                f"M{meter:05}", "import", parse_unit("kWh"), "import", 0, FIRST + timedelta(days=number),
                1440 // A_DAY, values, int(Quality.ACTUAL), False,
            )  # fmt: skip


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("truncate blocks, block_history, feeds"))


def _store(engine: Engine, blocks: list[Block], anew: bool = True) -> None:
    if anew:
        _empty(engine)
    with unit_of_work(engine) as session:
        stored = store_blocks(session, 1, enter_readings(session), blocks)
    assert stored.added == (len(blocks) if anew else 0) and stored.changed == 0


def _copy_rows(engine: Engine, micro: np.ndarray) -> None:
    meter = np.repeat(np.arange(len(micro)), DAYS * A_DAY)
    first = int(datetime.combine(FIRST, datetime.min.time(), UTC).timestamp()) // 60
    minutes = np.tile(first + 30 * np.arange(DAYS * A_DAY), len(micro))
    _write_rows(engine, meter, minutes, micro.reshape(-1))


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
