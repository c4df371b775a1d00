"""NEM13 by its public rules, in files made up here."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.format import Item, ReadOptions
from meters.feeds.nem import nem13
from meters.inspection import inspection

HEAD = "100,NEM13,200401101030,MDA1,Ret1\n"
ZONE = timezone(timedelta(hours=10))


def record(**changed: str) -> str:
    """A 250 record, with some of its fields changed."""
    fields = {
        "nmi": "6001234567",
        "configuration": "11",
        "register": "1",
        "suffix": "11",
        "stream": "11",
        "meter": "METSER123",
        "direction": "E",
        "previous": "006342.8",
        "previous_at": "20231005093055",
        "previous_quality": "A",
        "previous_reason": "",
        "previous_words": "",
        "current": "007654.9",
        "current_at": "20240107100333",
        "current_quality": "A",
        "current_reason": "",
        "current_words": "",
        "quantity": "1312.1",
        "unit": "kWh",
        "next": "20240407",
        "updated": "20240108100333",
        "loaded": "",
    }
    assert changed.keys() <= fields.keys()
    return ",".join(["250", *(fields | changed).values()]) + "\n"


def file(*records: str) -> str:
    return HEAD + "".join(records) + "900\n"


def items_of(text: str | bytes) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return list(nem13.read(io.BytesIO(data), "stem", ReadOptions()))


def only(text: str) -> Consumption:
    [item] = items_of(text)
    assert isinstance(item, Consumption)
    return item


def test_a_consumption_and_its_two_reads(read_text) -> None:
    feed = read_text(file(record()))
    assert (feed.format, feed.status, feed.blocks, feed.problems) == ("nem13", "ok", (), ())
    [made] = feed.accumulated
    assert isinstance(made, Consumption)
    assert (made.service_point, made.channel, made.direction) == ("6001234567", "11", "import")
    assert made.starts_at == datetime(2023, 10, 4, 23, 30, 55, tzinfo=UTC)
    assert made.ends_before == datetime(2024, 1, 7, 10, 3, 33, tzinfo=ZONE)
    assert (made.micro, made.quality, made.line) == (1_312_100_000, Quality.ACTUAL, 2)
    start, end = made.start_read, made.end_read
    assert start is not None and end is not None
    assert (start.figure, start.read_at, start.digits) == (6_342_800_000, made.starts_at, 6)
    assert (end.figure, end.read_at, end.digits) == (7_654_900_000, made.ends_before, 6)
    assert (end.meter, end.register, end.kind, end.reason) == ("METSER123", "11", "actual", None)
    [channel] = inspection([feed])["files"][0]["channels"]
    assert (channel["total"], channel["readings"], channel["unit"]) == ("1312.1", 1, "kWh")


@pytest.mark.parametrize(("letter", "direction"), [("E", "import"), ("I", "export"), ("e", "import")])
def test_the_grids_direction_is_turned_to_the_customers(letter: str, direction: str) -> None:
    assert only(file(record(direction=letter))).direction == direction


def test_a_sign_is_kept() -> None:
    assert only(file(record(quantity="-987", direction="I"))).micro == -987_000_000


def test_a_unit_counts_in_its_base_but_a_dial_as_it_stands() -> None:
    made = only(file(record(quantity="1500", unit="Wh", current="007654.9")))
    assert made.micro == 1_500_000 and made.end_read is not None
    assert made.end_read.figure == 7_654_900_000 and made.end_read.unit.declared == "Wh"


def test_a_dial_that_went_round_is_told_by_its_width() -> None:
    made = only(file(record(previous="9999941.00", current="0000106.00", quantity="165")))
    assert made.micro == 165_000_000
    assert made.end_read is not None and made.end_read.digits == 7


def test_reads_of_two_widths_tell_no_width() -> None:
    made = only(file(record(previous="9990", current="10020", quantity="30")))
    assert made.start_read is not None and made.start_read.digits is None


@pytest.mark.parametrize(
    ("flag", "quality", "kind", "method"),
    [
        ("A", Quality.ACTUAL, "actual", None),
        ("E62", Quality.FORWARD, "estimated", "62"),
        ("S64", Quality.SUBSTITUTED, "substituted", "64"),
        ("F61", Quality.FINAL, "substituted", "61"),
        ("S67", Quality.SUBSTITUTED, "customer", "67"),
    ],
)
def test_quality_and_method(flag: str, quality: Quality, kind: str, method: str | None) -> None:
    made = only(file(record(current_quality=flag, current_reason="77")))
    end, start = made.end_read, made.start_read
    assert end is not None and start is not None
    assert (made.quality, made.method, end.kind, end.method) == (quality, method, kind, method)
    assert (end.reason, start.kind, start.reason) == ("reason 77", "actual", None)


def test_a_550_tells_why_and_makes_the_last_read_of_a_meter_final() -> None:
    made = only(file(record(), "550,N,,R,SO23456\n"))
    assert made.start_read is not None and made.end_read is not None
    assert (made.start_read.kind, made.start_read.reason) == ("actual", "transaction N")
    assert (made.end_read.kind, made.end_read.reason) == ("final", "transaction R, service order SO23456")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"quantity": ""}, "no_value"),
        ({"quantity": "many"}, "not_a_number"),
        ({"quantity": "9" * 14}, "value_too_large"),
        ({"current": "x"}, "not_a_number"),
        ({"current": "-1"}, "negative_value"),
        ({"previous_at": "20231305093055"}, "bad_date"),
        ({"current_at": "20240107250000"}, "bad_date"),
        ({"current_at": ""}, "bad_date"),
        ({"current_at": "20231005093055"}, "bad_period"),
        ({"current_quality": "V"}, "bad_quality"),
        ({"current_quality": "N"}, "no_value"),
        ({"previous_quality": ""}, "bad_quality"),
        ({"direction": "X"}, "bad_direction"),
        ({"nmi": ""}, "no_name"),
        ({"suffix": ""}, "no_name"),
        ({"loaded": "20240108091133,250,6001234568"}, "wrong_count"),
    ],
)
def test_a_fault_leaves_out_its_record_and_its_550_and_nothing_else(changed, code: str) -> None:
    problem, item = items_of(file(record(**changed), "550,N,,R,\n", record(nmi="6001234568")))
    assert isinstance(problem, Problem) and not problem.refuses
    assert (problem.code, problem.line) == (code, 2)
    assert problem.message.endswith("The record is left out.")
    assert isinstance(item, Consumption) and item.service_point == "6001234568"


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (record() + "900\n", 1, "no_header"),
        (HEAD + record(), 2, "no_end"),
        (file(record()) + record(), 4, "after_end"),
        (HEAD + HEAD + "900\n", 2, "second_header"),
        (file("550,N,,N,\n"), 2, "no_reading"),
        (file("200,6001234567,E1,E1,E1,N1,M77,kWh,30,\n"), 2, "unknown_record"),
        (file(record(meter="M\0")), 2, "binary"),
        (HEAD.replace("NEM13", "NEM12") + record() + "900\n", 1, "unsupported_version"),
    ],
)
def test_a_fault_of_structure_refuses_the_file(text: str, line: int, code: str) -> None:
    problem = items_of(text)[-1]
    assert isinstance(problem, Problem) and problem.refuses
    assert (problem.line, problem.code) == (line, code)


def test_the_header_tells_the_version(read_text) -> None:
    twelve = "200,6001234567,E1,E1,E1,N1,M77,kWh,720,\n300,20240101,1,2,A,,,\n"
    assert read_text(HEAD.replace("NEM13", "NEM12") + twelve + "900\n").format == "nem12"
    assert read_text("\ufeff\n" + file(record()).replace("\n", "\r\n")).format == "nem13"
    assert read_text(record() + "900\n").format == "nem13"
    [problem] = read_text(file(record()), format_name="nem12").problems
    assert problem.code == "unsupported_version"


stamps = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(microsecond=0))
figures = st.builds("{:0{}d}.{}".format, st.integers(0, 10**7), st.integers(1, 9), st.integers(0, 999))
quantities = st.decimals(-(10**6), 10**6, places=3)
flags = st.sampled_from(["A", "S64", "F61", "E62"])


@st.composite
def consumptions(draw: st.DrawFn) -> tuple[dict[str, str], Consumption]:
    """The fields of a record that differ from the usual, and what they say."""
    starts_at, ends_before = sorted(draw(st.lists(stamps, min_size=2, max_size=2, unique=True)))
    flag, quantity, letter = draw(flags), draw(quantities), draw(st.sampled_from("EI"))
    previous, current = draw(figures), draw(figures)
    changed = {
        "previous_at": f"{starts_at:%Y%m%d%H%M%S}",
        "current_at": f"{ends_before:%Y%m%d%H%M%S}",
        "current_quality": flag,
        "quantity": str(quantity),
        "direction": letter,
        "previous": previous,
        "current": current,
        "nmi": draw(st.sampled_from(["6001234567", "NCDE001111"])),
    }
    usual = only(file(record(nmi=changed["nmi"])))
    assert usual.start_read is not None and usual.end_read is not None
    direction = "import" if letter == "E" else "export"
    wide = {len(text.partition(".")[0]) for text in (previous, current)}

    def register(text: str, at: datetime, flag_of: str) -> RegisterRead:
        kinds = {"A": "actual", "E": "estimated"}
        return RegisterRead(
            changed["nmi"],
            "METSER123",
            "11",
            usual.unit,
            direction,
            at.replace(tzinfo=ZONE),
            int(Decimal(text) * 10**6),
            kinds.get(flag_of[0], "substituted"),  # type: ignore[arg-type]
            wide.copy().pop() if len(wide) == 1 else None,
            line=2,
            method=flag_of[1:] or None,
        )

    qualities = {"A": Quality.ACTUAL, "S": Quality.SUBSTITUTED, "F": Quality.FINAL, "E": Quality.FORWARD}
    said = Consumption(
        changed["nmi"],
        "11",
        usual.unit,
        direction,
        starts_at.replace(tzinfo=ZONE),
        ends_before.replace(tzinfo=ZONE),
        int(quantity * 10**6),
        int(qualities[flag[0]]),
        register(previous, starts_at, "A"),
        register(current, ends_before, flag),
        2,
        flag[1:] or None,
    )
    return changed, said


@settings(deadline=None)
@given(consumptions(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_made_file_is_read_back(made, line_end: str, quoted: bool) -> None:
    changed, said = made
    line = record(**changed)
    if quoted:
        line = ",".join(f'"{field}"' for field in line.strip().split(",")) + "\n"
    assert only(file(line).replace("\n", line_end)) == said


_RECORDS = file(record(), "550,N,,R,\n", record(quantity="x")).encode().split(b"\n")
noise = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from(_RECORDS), max_size=8).map(b"\n".join),
    st.tuples(st.sampled_from(range(len(_RECORDS))), st.integers(0, 200), st.binary(max_size=2)).map(
        lambda cut: b"\n".join(
            line[: cut[1]] + cut[2] + line[cut[1] + 1 :] if place == cut[0] else line
            for place, line in enumerate(_RECORDS)
        )
    ),
)


@settings(max_examples=300, deadline=None)
@given(noise)
def test_noise_is_read_to_its_end_or_refused_and_every_record_is_accounted_for(data: bytes) -> None:
    items = items_of(data)
    refused = [item for item in items if isinstance(item, Problem) and item.refuses]
    assert refused in ([], items[-1:])
    if not refused:
        whole = [number for number, line in enumerate(data.split(b"\n"), 1) if line in _RECORDS[1:4:2]]
        assert set(whole) <= {item.line for item in items if not isinstance(item, RegisterRead)}
