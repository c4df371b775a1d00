"""Blocks read in bulk are those that a plain select sees, however mixed their lengths, holes and grades."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from billing_world import NOW, World
from psycopg.sql import SQL
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.block_stream import COLUMNS, stream_blocks

FIRST = date(2026, 3, 1)
_SELECT = SQL(
    f"select {COLUMNS} from blocks b join channels c on c.id = b.channel_id where b.channel_id = %(channel)s"
)


@pytest.mark.parametrize("seed", range(6))
def test_every_row_as_a_plain_select_sees_it(session: Session, seed: int) -> None:
    world, chance = World(session), Random(seed)
    _point, channel = world.point(offset_minutes=60 * seed)
    feed = world.feed(NOW)
    session.execute(text("select make_block_partitions('2026-03-01', '2026-06-01')"))
    known: dict[int, tuple[list[int | None], list[int]]] = {}
    for number in range(40):
        size = chance.choice((24, 48, 48, 48, 96))
        micro = [chance.choice((None, 0, chance.randrange(2**40))) if number % 3 == 0 else number + place
                 for place in range(size)]  # fmt: skip
        many = number % 4 == 1
        grades = [chance.choice((1, 2, 3)) for _ in range(size)] if many else [chance.choice((1, 2))] * size
        session.execute(
            text("insert into blocks (channel_id, day, micro, quality, qualities, feed_id) "
                 "values (:channel, :day, :micro, :quality, :qualities, :feed)"),
            {"channel": channel, "day": FIRST + timedelta(days=number), "micro": micro, "feed": feed,
             "quality": None if many else grades[0], "qualities": grades if many else None},
        )  # fmt: skip
        minute = ((FIRST + timedelta(days=number)) - date(1970, 1, 1)).days * 1440 - 60 * seed
        known[minute] = (micro, grades)
    found = 0
    for rows in stream_blocks(session, _SELECT, {"channel": channel}):
        for place, minute in enumerate(rows.first_minute.tolist()):
            micro, grades = known.pop(minute)
            found += 1
            assert rows.channel_id[place] == channel
            assert rows.micro[place].tolist() == [value or 0 for value in micro]
            assert rows.present[place].tolist() == [value is not None for value in micro]
            guessed = [grade not in (0, 1) and value is not None
                       for grade, value in zip(grades, micro, strict=True)]  # fmt: skip
            assert rows.estimated[place].tolist() == guessed
            assert rows.micro.dtype == np.int64
    assert found == 40 and not known


def test_no_rows_are_no_groups(session: Session) -> None:
    for _ in range(20):
        assert stream_blocks(session, _SELECT, {"channel": 0}) == []
