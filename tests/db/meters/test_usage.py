"""Readings on one axis: alignment, holes, estimates, intervals that change, and what was known when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.quality import Quality
from meters.usage import enter_readings, settle_readings, usage, usage_at_instants

JUNE = date(2024, 6, 1)


def at(day: int, hour: int = 0, month: int = 6) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=UTC)


@pytest.fixture
def channel(session: Session) -> int:
    return make_channel(session, "SP1")


def make_channel(session: Session, code: str, offset_minutes: int = 0) -> int:
    insert = text("insert into service_points (code) values (:code) returning id")
    point = session.scalar(insert, {"code": code})
    session.execute(text("select make_block_partitions('2024-05-01', '2024-07-31')"))
    made = session.scalar(
        text(
            "insert into channels (service_point_id, name, unit, direction, offset_minutes) "
            "values (:point, 'E1', 'kWh', 'import', :offset) returning id"
        ),
        {"point": point, "offset": offset_minutes},
    )
    assert isinstance(made, int)
    return made


def make_feed(session: Session, received_at: datetime) -> int:
    insert = "insert into feeds (name, sha256, status, received_at) values ('f', 'x', 'ok', :at) returning id"
    made = session.scalar(text(insert), {"at": received_at})
    assert isinstance(made, int)
    return made


def put(
    session: Session,
    channel: int,
    day: date,
    values: list[int | None],
    feed: int = 1,
    quality: int | None = int(Quality.ACTUAL),
    qualities: list[int] | None = None,
) -> None:
    session.execute(
        text("insert into blocks values (:channel, :day, :micro, :quality, :qualities, :feed)"),
        {
            "channel": channel,
            "day": day,
            "micro": values,
            "quality": quality,
            "qualities": qualities,
            "feed": feed,
        },
    )


def test_a_span_is_half_open_and_aligned(session: Session, channel: int) -> None:
    put(session, channel, JUNE, list(range(48)))
    put(session, channel, date(2024, 6, 2), list(range(100, 148)))
    (table,) = usage(session, [channel], at(1, 12), at(2, 1))
    assert (table.starts_at, table.interval_minutes) == (at(1, 12), 30)
    assert table.micro.tolist() == [[*range(24, 48), 100, 101]]
    assert not table.missing.any() and not table.estimated.any()


def test_standard_time_moves_the_day(session: Session) -> None:
    channel = make_channel(session, "NMI", 600)
    put(session, channel, JUNE, list(range(48)))
    (table,) = usage(session, [channel], at(31, 14, 5), at(1, 14))
    assert table.micro.tolist() == [list(range(48))]
    (tail,) = usage(session, [channel], at(1, 0), at(1, 15))
    assert tail.micro.tolist() == [[*range(20, 48), 0, 0]]
    assert tail.missing.sum() == 2


def test_holes_days_without_a_block_and_grades(session: Session, channel: int) -> None:
    holed: list[int | None] = list(range(48))
    holed[5] = holed[47] = None
    put(session, channel, JUNE, holed, quality=None, qualities=[2] * 5 + [0] + [1] * 41 + [0])
    put(session, channel, date(2024, 6, 3), list(range(48)), quality=int(Quality.FINAL))
    put(session, channel, date(2024, 6, 4), list(range(48)), quality=None, qualities=[1] * 47 + [4])
    (table,) = usage(session, [channel], at(1), at(5))
    assert table.micro[0, :5].tolist() == [0, 1, 2, 3, 4]
    assert np.flatnonzero(table.missing[0]).tolist() == [5, *range(47, 96)]
    assert np.flatnonzero(table.estimated[0]).tolist() == [0, 1, 2, 3, 4, *range(96, 144), 191]
    assert not table.micro[table.missing].any()


def test_an_interval_that_changes_is_summed_to_the_common_one(session: Session, channel: int) -> None:
    quarter: list[int | None] = [1] * 96
    quarter[3] = None
    put(session, channel, JUNE, quarter)
    put(session, channel, date(2024, 6, 2), [7] * 48)
    (table,) = usage(session, [channel], at(1), at(3))
    assert table.interval_minutes == 30
    assert table.micro.tolist() == [[2, 0, *[2] * 46, *[7] * 48]]
    assert np.flatnonzero(table.missing[0]).tolist() == [1]


def test_channels_of_different_lengths_come_in_tables_of_their_own(session: Session, channel: int) -> None:
    hourly, empty = make_channel(session, "SP2"), make_channel(session, "SP3")
    put(session, channel, JUNE, [3] * 48)
    put(session, hourly, JUNE, [9] * 24)
    half, hour = usage(session, [empty, hourly, channel], at(1), at(2))
    assert (half.channel_ids, half.interval_minutes, half.micro.sum()) == ((channel,), 30, 144)
    assert (hour.channel_ids, hour.interval_minutes, hour.micro.sum()) == ((hourly,), 60, 216)


def test_rows_follow_the_order_asked_for(session: Session) -> None:
    channels = [make_channel(session, f"SP{number}") for number in range(5)]
    for value, channel in enumerate(channels):
        put(session, channel, JUNE, [value] * 48)
    asked = [channels[3], channels[0], channels[4]]
    (table,) = usage(session, asked, at(1), at(1, 1))
    assert table.channel_ids == tuple(asked)
    assert table.micro.tolist() == [[3, 3], [0, 0], [4, 4]]


def test_what_was_known_at_an_instant(session: Session, channel: int) -> None:
    first, second, third = (make_feed(session, at(day, 5)) for day in (10, 12, 14))
    put(session, channel, JUNE, [30] * 48, feed=third)
    for value, feed, replaced_by in ((10, first, second), (20, second, third)):
        session.execute(
            text(
                "insert into block_history (channel_id, day, micro, quality, feed_id, replaced_by) "
                "values (:channel, :day, :micro, 1, :feed, :by)"
            ),
            {"channel": channel, "day": JUNE, "micro": [value] * 48, "feed": feed, "by": replaced_by},
        )
    assert usage(session, [channel], at(1), at(2), at(9)) == ()
    for known_at, value in ((at(10, 5), 10), (at(12, 4), 10), (at(12, 5), 20), (at(13), 20), (at(15), 30)):
        (table,) = usage(session, [channel], at(1), at(2), known_at)
        assert set(table.micro[0].tolist()) == {value}
    instants = (at(13), at(9), None, at(10, 5))
    together = usage_at_instants(session, [channel], at(1), at(2), instants)
    assert [{value for table in tables for value in table.micro[0].tolist()} for tables in together] == [
        {20}, set(), {30}, {10},
    ]  # fmt: skip


def test_a_feed_entered_after_the_instant_is_stamped_after_it(session: Session) -> None:
    known_at = settle_readings(session)
    assert enter_readings(session) > known_at


def test_nothing_asked_nothing_found(session: Session, channel: int) -> None:
    assert usage(session, [], at(1), at(2)) == ()
    assert usage(session, [channel], at(1), at(2)) == ()
    assert usage(session, [channel], at(2), at(2) - timedelta(hours=1)) == ()
