"""What is written as NEM12 is read back as it was; what NEM12 cannot say is refused by name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nem_files import Key, MadeFile, Said, items_of, nem12_files, said_by

from meters.domain.blocks import MISSING, Block, Remark, one_code
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import parse_unit
from meters.feeds.reading import read_feed
from meters.inspection import inspection
from meters.writing.nem12 import WRITER
from meters.writing.writer import ChannelToWrite
from utility_crm.kit.errors import Invalid

MADE_AT = datetime(2024, 3, 1, 4, 5, 6, tzinfo=UTC)


def block(**changed: object) -> Block:
    usual = Block(
        "6001234567", "E1", parse_unit("kWh"), "import", 600, date(2024, 1, 1), 30,
        np.full(48, 500_000, dtype=np.int64), int(Quality.ACTUAL), True,
    )  # fmt: skip
    return replace(usual, **changed)  # type: ignore[arg-type]


def channel(blocks: Sequence[Block], meter: str | None = "M77") -> ChannelToWrite:
    one = blocks[0]
    return ChannelToWrite(
        one.service_point, one.channel, one.unit, one.direction, one.offset_minutes, meter, blocks
    )


def written(*channels: ChannelToWrite) -> bytes:
    out = io.BytesIO()
    WRITER.write(channels, MADE_AT, out)
    return out.getvalue()


def test_a_file_line_by_line() -> None:
    codes = np.full(48, Quality.ACTUAL, dtype=np.uint8)
    codes[20:30], codes[47] = Quality.SUBSTITUTED, Quality.MISSING
    values = np.full(48, 1_250_000, dtype=np.int64)
    values[47] = MISSING
    remarks = (
        Remark(20, 30, "14", "32", "No access"),
        Remark(0, 48, None, "N", "service order SO1, read at 2024-01-02 10:11:12"),
    )
    second = block(day=date(2024, 1, 2), values=values, quality=codes, remarks=remarks)
    assert written(channel([block(), second])).decode().split("\r\n") == [
        "100,NEM12,202403011405,UTILITYCRM,UTILITYCRM",
        "200,6001234567,E1,E1,E1,,M77,kWh,30,",
        "300,20240101," + "0.5," * 48 + "A,,,20240301140506,",
        "300,20240102," + "1.25," * 47 + "0,V,,,20240301140506,",
        "400,1,20,A,,",
        "400,21,30,S14,32,No access",
        "400,31,47,A,,",
        "400,48,48,N,,",
        "500,N,SO1,20240102101112,",
        "900",
        "",
    ]


@settings(max_examples=40, deadline=None)
@given(nem12_files())
def test_a_file_that_was_read_and_written_says_the_same(made: MadeFile) -> None:
    days = {item.key: item for item in items_of(made.data) if isinstance(item, Block)}
    in_order = sorted(days.values(), key=lambda one: (one.key[:2], one.unit.base or "", one.day))
    kinds = [list(group) for _key, group in groupby(in_order, key=lambda one: (one.key[:2], one.unit.base))]
    again = items_of(written(*(channel(group) for group in kinds)))
    assert not [item for item in again if isinstance(item, Problem)]
    assert _readings(said_by(again)) == _readings(made.days)


def _readings(days: dict[Key, Said]) -> dict[Key, tuple[tuple[int, ...], tuple[int, ...]]]:
    return {key: (said.values, said.qualities) for key, said in days.items()}


_spoken = st.one_of(
    st.tuples(st.just(Quality.ACTUAL), st.none(), st.sampled_from([None, "79", "89"]), st.none()),
    st.tuples(st.just(Quality.FORWARD), st.sampled_from(["51", "52"]), st.none(), st.none()),
    st.tuples(
        st.sampled_from([Quality.SUBSTITUTED, Quality.FINAL]),
        st.sampled_from(["14", "17"]),
        st.sampled_from(["0", "32"]),
        st.sampled_from([None, "No access", "Größe; Licht"]),
    ),
    st.tuples(st.just(Quality.MISSING), st.none(), st.none(), st.none()),
)


@st.composite
def blocks(draw: st.DrawFn, offset_minutes: int) -> list[Block]:
    """One channel's days in order, with everything NEM12 can say of their intervals."""
    count = draw(st.sampled_from([48, 96, 288]))
    made = []
    for number in sorted(draw(st.sets(st.integers(0, 9), min_size=1, max_size=4))):
        values = np.array(draw(st.lists(st.integers(0, 10**12), min_size=1, max_size=7)), dtype=np.int64)
        values = np.resize(values, count)
        codes, remarks = np.zeros(count, dtype=np.uint8), []
        cuts = [0, *sorted(draw(st.sets(st.integers(1, count - 1), max_size=3))), count]
        for first, end in pairwise(cuts):
            quality, method, code, reason = draw(_spoken)
            codes[first:end] = quality
            if quality == Quality.MISSING:
                values[first:end] = MISSING
            if method or code:
                remarks.append(Remark(first, end, method, code, reason))
        day = date(2024, 2, 25) + timedelta(days=number)
        made.append(
            block(
                day=day, interval_minutes=1440 // count, values=values, quality=one_code(codes, values),
                remarks=tuple(remarks), offset_minutes=offset_minutes,
            )
        )  # fmt: skip
    return made


def _said_at(made: Sequence[Block]) -> dict[tuple[datetime, int], tuple[object, ...]]:
    """What is said of each reading that is there: its figure, quality, method, reason code and words."""
    said = {}
    for one in made:
        codes = one.qualities().tolist()
        spans = {place: each for each in one.remarks for place in range(each.first, each.end)}
        for place, value in enumerate(one.values.tolist()):
            each = spans.get(place)
            parts = (each.method, each.reason_code, each.reason) if each else (None, None, None)
            starts_at = (one.starts_at + timedelta(minutes=place * one.interval_minutes)).astimezone(UTC)
            if value != MISSING:
                said[starts_at, one.interval_minutes] = (value, codes[place], *parts)
    return said


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([600, 600, 0, 60, 660, -300, 570]))
def test_every_reading_keeps_its_instant_its_quality_and_what_is_said_of_it(data, offset: int) -> None:
    made = data.draw(blocks(offset))
    again = [item for item in items_of(written(channel(made))) if isinstance(item, Block)]
    assert {each.offset_minutes for each in again} == {600}
    assert _said_at(again) == _said_at(made)


def test_an_export_is_inspected_to_the_same_totals(tmp_path: Path) -> None:
    one = [block(day=date(2024, 1, day)) for day in (1, 2, 5)]
    two = [block(channel="B1", direction="export", unit=parse_unit("Wh"), values=one[0].values * 3)]
    path = tmp_path / f"export{WRITER.suffix}"
    path.write_bytes(written(channel(one), channel(two), channel([block(service_point="X1")])))
    [entry] = inspection([read_feed(path)])["files"]
    assert (entry["format"], entry["status"]) == ("nem12", "ok")
    assert [(each["service_point"], each["channel"], each["total"]) for each in entry["channels"]] == [
        ("6001234567", "E1", "72"),
        ("6001234567", "B1", "72"),
        ("X1", "E1", "24"),
    ]


@pytest.mark.parametrize(
    ("unit", "direction", "suffix"),
    [("kWh", "import", "E1"), ("kWh", "export", "B1"), ("kVArh", "import", "Q1"), ("kVArh", "export", "K1")],
)
def test_a_channel_whose_name_is_no_suffix_gets_the_first_one_free(unit, direction, suffix) -> None:
    first = block(channel="1-1:1.29.0", unit=parse_unit(unit), direction=direction)
    second = replace(first, channel="night")
    lines = written(channel([first]), channel([second])).decode().splitlines()
    named = [line.split(",")[1:5] for line in lines if line.startswith("200")]
    following = f"{suffix[0]}2"
    assert named == [
        ["6001234567", suffix, "1-1:1.29.0", suffix],
        ["6001234567", following, "night", following],
    ]
    again = [item for item in items_of(written(channel([first]))) if isinstance(item, Block)]
    assert [(each.channel, each.direction, each.unit.base) for each in again] == [(suffix, direction, unit)]


def test_a_suffix_that_would_turn_the_direction_is_not_used() -> None:
    assert b",E1,E1,B1," not in (made := written(channel([block(channel="B1", direction="import")])))
    assert b"200,6001234567,E1,B1,E1," in made


def test_an_estimate_is_a_substitute_and_says_so() -> None:
    made = written(channel([block(quality=int(Quality.ESTIMATED), remarks=(Remark(0, 48, "linear"),))]))
    assert b",S18,0,linear," in made
    assert b",S18,0,Estimated," in written(channel([block(quality=int(Quality.ESTIMATED))]))


def test_words_that_would_break_a_record_do_not() -> None:
    remark = Remark(0, 48, "14", "Z34", 'one, "two"\r\nthree')
    made = written(channel([block(quality=int(Quality.SUBSTITUTED), remarks=(remark,))]))
    assert b",S14,0,Z34 one; 'two' three," in made
    assert len(items_of(made)) == 1


def test_an_interval_that_changes_begins_another_200() -> None:
    other = block(day=date(2024, 1, 2), interval_minutes=15, values=np.ones(96, dtype=np.int64))
    made = written(channel([block(), other])).decode().splitlines()
    assert [line.split(",")[8] for line in made if line.startswith("200")] == ["30", "15"]


def test_no_channel_is_a_file_without_days() -> None:
    assert written().decode().splitlines() == ["100,NEM12,202403011405,UTILITYCRM,UTILITYCRM", "900"]


@pytest.mark.parametrize(
    ("one", "meter", "code"),
    [
        (block(service_point="2600000001009"), None, "no_nmi"),
        (block(service_point="6001,23456"), None, "no_nmi"),
        (block(service_point=""), None, "no_nmi"),
        (block(), "A meter of many words", "no_meter_serial"),
        (block(unit=parse_unit("m3")), None, "no_unit_in_nem12"),
        (block(unit=parse_unit(None)), None, "no_unit_in_nem12"),
        (block(interval_minutes=60, values=np.ones(24, dtype=np.int64)), None, "no_interval_in_nem12"),
        (block(values=np.full(48, -1, dtype=np.int64)), None, "negative_value"),
        (block(offset_minutes=345), None, "offset_misfit"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(one: Block, meter: str | None, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        written(channel([one], meter))
    assert refused.value.code == code
    assert one.service_point in refused.value.message and refused.value.where is not None


def test_a_suffix_taken_by_another_channel_is_refused_not_shared() -> None:
    with pytest.raises(Invalid, match="E1"):
        written(channel([block(channel="total")]), channel([block(channel="E1")]))
