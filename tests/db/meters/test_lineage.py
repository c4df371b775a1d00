"""Every version of one half-hour, in one query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import event, select

from meters.actions import write_readings
from meters.domain.blocks import MISSING, Block
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.lineage import lineage
from meters.tables import BlockRemark, Channel
from utility_crm.auth.tables import User
from utility_crm.kit.errors import NotFound

KWH = 1_000_000
DAY = timedelta(days=1)


@pytest.fixture
def channel(session):
    return lambda: session.scalars(select(Channel.id)).one()


def block(values: list[int | None]) -> Block:
    micro = np.array([MISSING if value is None else value * KWH for value in values], dtype=np.int64)
    unit = parse_unit("kWh")
    interval = 1440 // micro.size
    return Block(
        "SP1", "import", unit, "import", 0, JUNE, interval, micro, int(Quality.ESTIMATED), False
    )  # fmt: skip


def said(found) -> list[tuple[object, ...]]:
    return [(one.feed, one.micro, one.quality, one.stands) for one in found.versions]


def test_from_a_half_hour_to_file_line_rule_and_editor(session, take, channel, tmp_path) -> None:
    first = take(csv_file(tmp_path, "a.csv", ("SP0", JUNE, [1] * 24), ("SP1", JUNE, [1] * 20 + [None] * 4)))
    user = User(login="ops", name="Olga Ops", role="ops", password_hash="x")
    session.add(user)
    session.flush()
    write_readings(session, "estimate", [block([None] * 20 + [3] * 4)], None, "a gap of 4 hours", "linear")
    write_readings(session, "edit", [block([None] * 22 + [9] * 2)], user.id, "read by phone")
    asked = session.scalars(select(Channel.id).order_by(Channel.id.desc())).first()
    statements = []
    event.listen(session.connection(), "before_execute", lambda *it: statements.append(it[1]))
    found = lineage(session, asked, JUNE, 21)
    assert len(statements) == 1
    assert (found.service_point, found.channel, found.unit, found.interval_minutes) == (
        "SP1", "import", "kWh", 60,
    )  # fmt: skip
    assert found.starts_at == datetime(2024, 6, 1, 21, tzinfo=UTC)
    assert said(found) == [
        ("edit", 3 * KWH, "estimated", False),
        ("linear", 3 * KWH, "estimated", True),
        ("a.csv", None, "missing", False),
    ]
    assert (found.origin.rule, found.origin.reason, found.origin.source) == (
        "linear", "a gap of 4 hours", "estimate",
    )  # fmt: skip
    edited = lineage(session, asked, JUNE, 22).origin
    assert (edited.author, edited.source, edited.reason, edited.rule) == (
        "Olga Ops", "edit", "read by phone", None,
    )  # fmt: skip
    begun = lineage(session, asked, JUNE, 0)
    assert (begun.origin.feed_id, begun.origin.line, begun.origin.format) == (first.feed_id, 26, "csv")
    assert begun.versions[-1].known_until == begun.versions[-2].received_at


def test_a_value_said_again_stems_from_where_it_was_said_first(take, session, channel, tmp_path) -> None:
    for number, value in enumerate([1, 2, 1, 1]):
        values = [value] + [number] * 23
        take(csv_file(tmp_path, f"{number}.csv", ("SP1", JUNE, values)))
    assert [(one.feed, one.stands) for one in lineage(session, channel(), JUNE, 0).versions] == [
        ("3.csv", False), ("2.csv", True), ("1.csv", False), ("0.csv", False),
    ]  # fmt: skip


def test_grids_that_changed_are_read_at_the_same_minute(take, session, channel, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, list(range(24)))))
    take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, list(range(48)))))
    found = lineage(session, channel(), JUNE, 43)
    assert found.starts_at == datetime(2024, 6, 1, 21, 30, tzinfo=UTC)
    assert [(one.micro, one.interval_minutes, one.stands) for one in found.versions] == [
        (43 * KWH, 30, True), (21 * KWH, 60, False),
    ]  # fmt: skip


def test_remarks_are_those_of_the_feed_that_said_them(take, session, channel, tmp_path) -> None:
    first = take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [2] * 2 + [None] * 22)))
    session.add(
        BlockRemark(channel_id=channel(), day=JUNE, feed_id=first.feed_id, first=4, end=8, method="E52")
    )
    session.flush()
    assert [one.remark and one.remark.method for one in lineage(session, channel(), JUNE, 4).versions] == [
        None, "E52",
    ]  # fmt: skip
    assert lineage(session, channel(), JUNE, 8).origin.remark is None


@pytest.mark.parametrize(("day", "place"), [(JUNE, 24), (JUNE, -1), (JUNE + DAY, 0)])
def test_what_is_not_there(take, session, channel, tmp_path, day, place) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    with pytest.raises(NotFound):
        lineage(session, channel(), day, place)
