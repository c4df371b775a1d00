"""Edits and estimates are feeds: over the same way in, with author, rule and reason, and history."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import select, text

from meters.actions import ingest, write_readings
from meters.domain.blocks import MISSING, Block
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.tables import Channel, Feed
from meters.usage import usage
from utility_crm.kit.errors import Invalid

KWH = 1_000_000
DAY = timedelta(days=1)


def block(values: list[int | None], day=JUNE, replaces: bool = False, unit: str = "kWh") -> Block:
    micro = np.array([MISSING if value is None else value * KWH for value in values], dtype=np.int64)
    return Block(
        "SP1", "import", parse_unit(unit), "import", 0, day, 1440 // len(values), micro,
        int(Quality.ESTIMATED), replaces,
    )  # fmt: skip


def test_an_estimate_fills_and_leaves_the_rest(session, take, held, tmp_path) -> None:
    first = take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 12 + [None] * 12)))
    known_at = session.get_one(Feed, first.feed_id).received_at
    gap = block([None] * 12 + [3] * 12)
    feed_id = write_readings(session, "estimate", [gap], None, "gap of 12 hours", "like_days")
    assert held("SP1", JUNE) == [KWH] * 12 + [3 * KWH] * 12
    feed = session.get_one(Feed, feed_id)
    assert (feed.source, feed.rule, feed.reason, feed.status) == (
        "estimate", "like_days", "gap of 12 hours", "ok",
    )  # fmt: skip
    assert (feed.readings, feed.blocks_changed) == (12, 1)
    channel = session.scalars(select(Channel.id)).one()
    start = session.scalar(text("select '2024-06-01 00:00Z'::timestamptz"))
    (then,) = usage(session, [channel], start, start + DAY, known_at)
    (now,) = usage(session, [channel], start, start + DAY)
    assert (then.micro.sum(), now.micro.sum()) == (12 * KWH, 48 * KWH)
    assert now.estimated[0].tolist() == [False] * 12 + [True] * 12


def test_an_edit_can_take_a_reading_away(session, take, held, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    write_readings(session, "edit", [block([1] * 23 + [None], replaces=True)], None, "not a reading")
    assert held("SP1", JUNE) == [KWH] * 23 + [None]


def test_the_file_that_was_edited_takes_nothing_back_when_sent_again(session, take, held, tmp_path) -> None:
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24))
    take(path)
    write_readings(session, "edit", [block([2] * 24)], None, "misread")
    assert take(path).status == "unchanged" and held("SP1", JUNE) == [2 * KWH] * 24


def test_what_cannot_be_stored_is_an_error_and_writes_nothing(session, take, counts, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    sound, misfit = block([5] * 24, JUNE + DAY), block([5] * 20 + [None] * 28)
    with pytest.raises(Invalid) as raised:
        write_readings(session, "edit", [sound, misfit], None, "no")
    assert raised.value.code == "interval_misfit"
    with pytest.raises(Invalid):
        write_readings(session, "edit", [block([1] * 24, unit="m3")], None, "no")
    with pytest.raises(Invalid):
        write_readings(session, "edit", [], None, "no")
    assert counts("feeds") == counts("blocks") == 1


def test_days_new_and_changed_are_handed_to_the_judge(session, tmp_path) -> None:
    judged = []

    def judge(inside, feed_id, table) -> None:
        known = inside.scalar(text("select count(*) from blocks where feed_id = :id"), {"id": feed_id})
        for day, micro in zip(table.day.tolist(), table.micro.tolist(), strict=True):
            judged.append((feed_id, day - JUNE.toordinal(), micro, known))

    days = [("SP1", JUNE + DAY * number, [number] * 24) for number in range(3)]
    first = ingest(session, csv_file(tmp_path, "a.csv", *days), judge=judge)
    assert sorted(judged) == [(first.feed_id, day, [day * KWH] * 24, 3) for day in range(3)]
    judged.clear()
    part = ("SP1", JUNE + DAY, [None] * 20 + [7] * 4)
    second = ingest(session, csv_file(tmp_path, "b.csv", days[0], part), judge=judge)
    assert judged == [(second.feed_id, 1, [KWH] * 20 + [7 * KWH] * 4, 1)]
    judged.clear()
    third = write_readings(session, "edit", [block([9] * 24, JUNE + DAY * 2)], None, "x", judge=judge)
    assert judged == [(third, 2, [9 * KWH] * 24, 1)]
