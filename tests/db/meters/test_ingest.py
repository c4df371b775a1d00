"""A file taken in: what is stored, what is replaced, what is refused, and what a second time does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from meter_files import JUNE, csv_file, nem12_file
from sqlalchemy import select, text

from meters.actions import ingest
from meters.asking import asked
from meters.tables import Channel, Feed, ServicePoint
from meters.usage import usage
from utility_crm.kit.errors import Invalid

KWH = 1_000_000
DAY = timedelta(days=1)


def counted(taken) -> tuple[str, int, int, int, int]:
    return (taken.status, taken.readings, taken.blocks_added, taken.blocks_changed, taken.blocks_unchanged)


def test_the_promised_document(session, take, held, tmp_path) -> None:
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [0.5] * 48))
    taken = take(path)
    assert taken.document("some/a.csv") == {
        "path": "some/a.csv",
        "feed_id": taken.feed_id,
        "status": "ok",
        "readings": 48,
        "blocks_added": 1,
        "blocks_changed": 0,
        "blocks_unchanged": 0,
        "problems": [],
    }
    assert held("SP1", JUNE) == [500_000] * 48
    feed = session.get_one(Feed, taken.feed_id)
    assert (feed.name, feed.format, feed.status, feed.readings) == ("a.csv", "csv", "ok", 48)
    assert session.execute(select(Channel.unit, Channel.direction, Channel.offset_minutes)).all() == [
        ("kWh", "import", 0)
    ]


def test_unknown_service_points_are_stored_without_a_place(session, take, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("NEW2", JUNE, [1] * 24), ("NEW1", JUNE, [1] * 24)))
    assert session.execute(select(ServicePoint.code, ServicePoint.premise_id).order_by("code")).all() == [
        ("NEW1", None),
        ("NEW2", None),
    ]


def test_the_same_file_again_is_known_and_changes_nothing(session, take, tmp_path) -> None:
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24), ("SP1", JUNE + DAY, [1] * 24))
    first, again = take(path), take(path)
    assert counted(again) == ("unchanged", 48, 0, 0, 2)
    assert session.get_one(Feed, again.feed_id).repeat_of == first.feed_id
    assert again.before == session.get_one(Feed, first.feed_id).received_at
    assert counted(take(path)) == ("unchanged", 48, 0, 0, 2)


def test_the_same_readings_in_another_file_change_nothing(take, tmp_path, counts) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    other = csv_file(tmp_path, "b.csv", ("SP1", JUNE, ["1.0"] * 24))
    assert counted(take(other)) == ("unchanged", 24, 0, 0, 1)
    assert counts("block_history") == 0


def test_a_correction_changes_exactly_its_day_and_the_history_holds_the_old(
    session, take, held, tmp_path, counts
) -> None:
    days = [("SP1", JUNE + DAY * number, [number] * 24) for number in range(3)]
    first = take(csv_file(tmp_path, "a.csv", *days))
    second = take(csv_file(tmp_path, "b.csv", *days[:1], ("SP1", JUNE + DAY, [7] * 24), *days[2:]))
    assert counted(second) == ("ok", 72, 0, 1, 2)
    assert held("SP1", JUNE + DAY) == [7 * KWH] * 24
    assert held("SP1", JUNE + DAY, table="block_history") == [KWH] * 24
    history = session.execute(text("select feed_id, replaced_by, quality from block_history")).all()
    assert history == [(first.feed_id, second.feed_id, 1)]
    by_feed = session.execute(text("select day, feed_id from blocks order by day")).all()
    assert by_feed == [
        (JUNE, first.feed_id),
        (JUNE + DAY, second.feed_id),
        (JUNE + DAY * 2, first.feed_id),
    ]
    assert counts("blocks") == 3


def test_a_file_sent_again_after_a_correction_takes_nothing_back(take, held, tmp_path) -> None:
    old = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24))
    first = take(old)
    take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [2] * 24)))
    again = take(old)
    assert counted(again) == ("unchanged", 24, 0, 0, 1)
    assert again.before is not None and first.before is None
    assert held("SP1", JUNE) == [2 * KWH] * 24


def test_quality_alone_is_a_change(session, take, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24), quality="estimated"))
    assert counted(take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [1] * 24)))) == ("ok", 24, 0, 1, 0)
    assert session.execute(text("select quality from blocks")).scalar() == 1
    assert session.execute(text("select quality from block_history")).scalar() == 2


def test_what_was_known_before_a_correction_can_be_asked(session, take, tmp_path) -> None:
    first = take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    known_at = session.get_one(Feed, first.feed_id).received_at
    take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [2] * 24)))
    channel = session.scalars(select(Channel.id)).one()
    start = session.scalar(text("select '2024-06-01 00:00Z'::timestamptz"))
    (then,) = usage(session, [channel], start, start + DAY, known_at)
    (now,) = usage(session, [channel], start, start + DAY)
    assert (then.micro.sum(), now.micro.sum()) == (24 * KWH, 48 * KWH)


def test_partial_days_merge(take, held, tmp_path, session) -> None:
    morning, evening = [1] * 12 + [None] * 12, [None] * 10 + [2] * 14
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, morning)))
    assert held("SP1", JUNE) == [KWH] * 12 + [None] * 12
    second = take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, evening), quality="estimated"))
    assert counted(second) == ("ok", 14, 0, 1, 0)
    assert held("SP1", JUNE) == [KWH] * 10 + [2 * KWH] * 14
    assert session.execute(text("select quality, qualities from blocks")).one() == (None, [1] * 10 + [2] * 14)
    take(csv_file(tmp_path, "c.csv", ("SP1", JUNE, [3] * 24)))
    assert session.execute(text("select quality, qualities from blocks")).one() == (1, None)


def test_a_part_of_a_day_that_is_known_is_no_change(take, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    part = csv_file(tmp_path, "b.csv", ("SP1", JUNE, [1] * 5 + [None] * 19))
    assert counted(take(part)) == ("unchanged", 5, 0, 0, 1)


def test_nem12_speaks_for_its_whole_day(take, held, tmp_path) -> None:
    take(nem12_file(tmp_path, "a.csv", ("6123456789", JUNE, [1] * 48)))
    holed = nem12_file(tmp_path, "b.csv", ("6123456789", JUNE, [1] * 48))
    holed.write_text(
        holed.read_text().replace(",A,,", ",V,,").replace("900", "400,1,4,N,,\n400,5,48,A,,\n900")
    )
    assert counted(take(holed)) == ("ok", 44, 0, 1, 0)
    assert held("6123456789", JUNE, "E1") == [None] * 4 + [KWH] * 44


def test_a_nem12_channel_keeps_market_time(session, take, tmp_path) -> None:
    take(nem12_file(tmp_path, "a.csv", ("6123456789", JUNE, [1] * 48)))
    assert session.execute(select(Channel.name, Channel.offset_minutes)).all() == [("E1", 600)]


def test_some_readings_at_another_interval_leave_the_day_alone(take, held, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 48), ("SP1", JUNE + DAY, [1] * 48)))
    quarter = [1] * 8 + [None] * 88
    mixed = csv_file(tmp_path, "b.csv", ("SP1", JUNE, quarter), ("SP1", JUNE + DAY * 2, [1] * 96))
    taken = take(mixed)
    assert counted(taken) == ("partial", 96, 1, 0, 0)
    assert [problem["code"] for problem in taken.problems] == ["interval_misfit"]
    assert "30 minutes on 2024-06-01" in taken.problems[0]["message"]
    assert held("SP1", JUNE) == [KWH] * 48


def test_a_whole_day_at_another_interval_replaces_it(take, held, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 48)))
    assert counted(take(csv_file(tmp_path, "b.csv", ("SP1", JUNE, [2] * 96)))) == ("ok", 96, 0, 1, 0)
    assert held("SP1", JUNE) == [2 * KWH] * 96


def test_a_premise_gives_its_channel_the_standard_time(session, take, held, premise, tmp_path) -> None:
    session.add(ServicePoint(code="SP1", premise_id=premise("P1", "Europe/Moscow")))
    session.flush()
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 21 + [2] * 3)))
    assert session.scalars(select(Channel.offset_minutes)).one() == 180
    assert held("SP1", JUNE) == [None] * 3 + [KWH] * 21
    assert held("SP1", JUNE + DAY) == [2 * KWH] * 3 + [None] * 21


def test_a_channel_keeps_its_standard_time_when_it_gets_a_place(
    session, take, held, premise, tmp_path
) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    session.execute(text("update service_points set premise_id = :p"), {"p": premise("P1", "Europe/Moscow")})
    again = csv_file(tmp_path, "b.csv", ("SP1", JUNE, [1] * 24), ("SP1", JUNE + DAY, [2] * 24))
    assert counted(take(again)) == ("ok", 48, 1, 0, 1)
    assert session.scalars(select(Channel.offset_minutes)).one() == 0
    assert held("SP1", JUNE + DAY) == [2 * KWH] * 24


def test_days_in_another_standard_time_are_cut_anew(session, take, held, tmp_path) -> None:
    """A channel begun in UTC whose collector changes to NEM12: every reading keeps its instant."""
    take(csv_file(tmp_path, "a.csv", ("6123456789", JUNE, [1] * 48)))
    session.execute(text("update channels set name = 'E1'"))
    market = nem12_file(tmp_path, "b.csv", ("6123456789", JUNE + DAY, [2] * 20 + [3] * 28))
    assert counted(take(market)) == ("ok", 48, 1, 1, 0)
    assert held("6123456789", JUNE, "E1") == [KWH] * 28 + [2 * KWH] * 20
    assert held("6123456789", JUNE + DAY, "E1") == [3 * KWH] * 28 + [None] * 20
    assert session.scalars(select(Channel.offset_minutes)).one() == 0


def test_days_that_do_not_fit_the_standard_time_are_refused(session, take, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("6123456789", JUNE, [1] * 24)))
    session.execute(text("update channels set name = 'E1', offset_minutes = 345"))
    taken = take(nem12_file(tmp_path, "b.csv", ("6123456789", JUNE, [2] * 48)))
    assert (taken.status, taken.readings) == ("rejected", 0)
    assert "UTC+05:45" in taken.problems[0]["message"] and "UTC+10:00" in taken.problems[0]["message"]


def test_a_channel_without_a_unit_is_not_stored_and_that_is_said(take, counts, tmp_path) -> None:
    taken = take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24), title="value"))
    assert taken.status == "rejected" and taken.problems[0]["code"] == "no_unit"
    assert "no unit" in taken.problems[0]["message"] and "--columns unit=" in taken.problems[0]["message"]
    assert counts("blocks") == counts("service_points") == 0


def test_a_channel_keeps_its_unit_and_direction(take, held, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    other = csv_file(tmp_path, "b.csv", ("SP1", JUNE, [2] * 24), title="m3")
    taken = take(other)
    assert taken.status == "rejected" and taken.problems[0]["code"] == "channel_changed"
    assert held("SP1", JUNE) == [KWH] * 24


def test_gas_is_gas(session, take, tmp_path) -> None:
    take(csv_file(tmp_path, "a.csv", ("G1", JUNE, [1.5] * 24), title="m3"))
    assert session.execute(text("select s.fuel, c.unit from service_points s, channels c")).one() == (
        "gas",
        "m3",
    )


def test_a_refused_file_is_recorded(session, take, counts, tmp_path) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    taken = take(path)
    assert counted(taken) == ("rejected", 0, 0, 0, 0)
    feed = session.get_one(Feed, taken.feed_id)
    assert (feed.status, feed.format, feed.problems[0]["message"]) == ("rejected", None, "The file is empty.")
    assert take(path).status == "rejected", "a refused file is read again: it took nothing"


def test_a_bad_row_takes_its_day_and_leaves_the_rest(take, counts, tmp_path) -> None:
    path = csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24), ("SP1", JUNE + DAY, [1, "oops"] + [1] * 22))
    taken, again = take(path), take(path)
    assert counted(taken) == ("partial", 24, 1, 0, 0) and taken.problems[0]["line"] == 27
    assert counted(again) == ("unchanged", 24, 0, 0, 1) and again.problems == taken.problems
    assert counts("blocks") == 1


def test_one_content_under_two_names_is_two_meters(take, counts, tmp_path) -> None:
    """A file a meter: the name of the file is the service point."""
    text_ = "starts_at,kwh\n" + "".join(f"2024-06-01T{hour:02}:00Z,1\n" for hour in range(24))
    for name in ("M1.csv", "M2.csv"):
        (tmp_path / name).write_text(text_)
        assert take(tmp_path / name).status == "ok"
    assert counts("service_points") == 2
    assert take(tmp_path / "M2.csv").status == "unchanged"


def test_the_same_file_read_otherwise_is_another_feed(take, tmp_path) -> None:
    path = tmp_path / "a.csv"
    hours = "".join(f"SP1,2024-06-01 {hour:02}:00,1\n" for hour in range(24))
    path.write_text("service_point,starts_at,kwh\n" + hours)
    assert take(path, timezone="UTC").status == "ok"
    assert take(path, timezone="Europe/London").status == "ok"
    assert take(path, timezone="UTC").status == "unchanged"


def test_days_far_apart_make_only_their_own_partitions(session, take, tmp_path) -> None:
    take(
        csv_file(tmp_path, "a.csv", ("SP1", date(1990, 6, 15), [1] * 24), ("SP1", JUNE + DAY * 14, [1] * 24))
    )
    months = "select count(*) from pg_class where relname ~ '^blocks_(199|200)' and relkind = 'r'"
    assert session.scalar(text(months)) <= 1  # none on TimescaleDB


def test_a_file_that_cannot_be_read(session, tmp_path) -> None:
    with pytest.raises(Invalid):
        ingest(session, tmp_path / "none.csv", asked())


def test_the_stamp_of_a_feed_is_the_door_s(session, take, tmp_path) -> None:
    before = session.scalar(text("select clock_timestamp()"))
    taken = take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)))
    received_at = session.get_one(Feed, taken.feed_id).received_at
    assert before < received_at < session.scalar(text("select clock_timestamp()"))
    assert session.scalar(text("select now()")) < received_at
