"""Files of register reads: written here, read back exactly, and never a crash whatever is in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.asking import columns_of
from meters.domain.accumulated import ReadKind, RegisterRead
from meters.domain.decimals import decimal_text
from meters.domain.units import parse_unit
from meters.feeds.formats import recognised
from meters.feeds.registers.reader import FORMAT
from meters.feeds.registers.titles import FIELDS
from meters.inspection import inspection

HEAD = ",".join(FIELDS) + "\n"
KWH = 1_000_000
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def reads(feed) -> list[RegisterRead]:
    return list(feed.accumulated)


def test_every_field_of_a_read(read_text) -> None:
    feed = read_text(
        HEAD + "SP1,M7,1.8.1,2026-03-31T00:00:00+02:00,12345.678,kWh,customer,6,40,import\n"
        "SP1,M7,2.8.0,2026-03-31T00:00:00+02:00,-5,Wh,,,,export\n"
    )
    assert (feed.format, feed.status) == ("registers", "ok")
    at = datetime(2026, 3, 30, 22, tzinfo=UTC)
    whole, bare = reads(feed)
    assert whole == RegisterRead(
        "SP1", "M7", "1.8.1", parse_unit("kWh"), "import", at, 12_345_678_000, "customer", 6, 40 * KWH, 2
    )
    assert bare == RegisterRead(
        "SP1", "M7", "2.8.0", parse_unit("Wh"), "export", at, -5 * KWH, "actual", line=3
    )


@pytest.mark.parametrize(
    ("text", "point", "register", "meter"),
    [
        (
            "MPAN,Serial number,Rate,Reading date,Reading (kWh)\n1,S1,Day,2026-01-31,5\n",
            "1",
            "Day",
            "S1",
        ),
        ("meter;read_at;register;value\nS1;2026-01-31;T2;5,0\n", "S1", "T2", "S1"),
        ("read_on\tkind\treading\n2026-01-31\tactual\t5\n", "M1", "T1", None),
        ("\n\nnmi,read_at,m3,multiplier\nN1,2026-01-31,5,1\n", "N1", "T1", None),
    ],
)
def test_titles_in_use(read_text, text, point, register, meter) -> None:
    (found,) = reads(read_text(text, zone="UTC"))
    assert (found.service_point, found.register, found.meter) == (point, register, meter)
    assert found.figure == 5 * KWH and found.read_at == datetime(2026, 1, 31, tzinfo=UTC)


def test_titles_told(read_text) -> None:
    columns = columns_of("service_point=Zähler,read_at=Datum,value=Stand,register=Tarif,unit=")
    text = "Zähler;Datum;Tarif;Stand;unit\nZ1;2026-01-31;HT;1.5;whatever\n"
    (found,) = reads(read_text(text, zone="UTC", columns=columns, format_name="registers"))
    assert (found.service_point, found.register, found.figure) == ("Z1", "HT", 1_500_000)
    assert found.unit.declared is None


@pytest.mark.parametrize(
    "head",
    [
        "meter,timestamp,kwh",
        "LCLid,tstp,energy(kWh/hh)",
        "service_point,starts_at,value,unit,channel,quality,direction",
        "service_point,register,starts_at,value",
        "time,reading,status",
        "id;datetime;reading;read_type",
    ],
)
def test_a_file_of_intervals_is_not_taken_for_one_of_reads(head) -> None:
    assert not FORMAT.recognises(head + "\n")
    assert recognised(head + "\n").name == "csv"


def test_a_file_of_reads_is_not_taken_for_one_of_intervals() -> None:
    assert recognised(HEAD).name == "registers"
    assert recognised("\ufeff" + HEAD).name == "registers"


ROW = "SP1,M7,T1,2026-03-31T00:00Z,100,kWh,actual,6,1,import"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (ROW.replace("SP1", ""), "no_service_point"),
        (ROW.replace("2026-03-31T00:00Z", "31/03/2026"), "unreadable_time"),
        (ROW.replace("2026-03-31T00:00Z", "1002-03-31"), "unreadable_time"),
        (ROW.replace(",100,", ",,"), "no_value"),
        (ROW.replace(",100,", ",1OO,"), "not_a_number"),
        (ROW.replace(",100,", ",1000000000000,"), "value_too_large"),
        (ROW.replace("actual", "guess"), "unknown_kind"),
        (ROW.replace(",6,", ",six,"), "bad_digits"),
        (ROW.replace(",6,", ",13,"), "bad_digits"),
        (ROW.replace(",1,", ",0,"), "bad_multiplier"),
        (ROW.replace(",1,", ",x,"), "not_a_number"),
        (ROW.replace("import", "in"), "bad_direction"),
    ],
)
def test_a_row_that_cannot_be_taken_is_left_out_and_named(read_text, wrong, code) -> None:
    feed = read_text(f"{HEAD}{ROW}\n{wrong}\n{ROW.replace('T1', 'T2')}\n")
    assert feed.status == "partial"
    assert [(one.code, one.line) for one in feed.problems] == [(code, 3)]
    assert [one.register for one in reads(feed)] == ["T1", "T2"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD, "no_readings"),
        (HEAD + ROW + "\n" + ROW + ",more\n", "uneven_row"),
        (HEAD + '"' + ROW + "\n", "bad_quoting"),
        (HEAD.replace("value", "worth") + ROW + "\n", "columns_not_found"),
        (HEAD.replace("meter", "value") + ROW + "\n", "repeated_title"),
        (HEAD + ROW.replace("Z", "") + "\n", "timezone_needed"),
        ((HEAD + ROW).encode() + b"\xff\n", "encoding"),
        ((HEAD + ROW).encode() + b"\0\n", "binary"),
        (HEAD + "x" * (2**20 + 1), "line_too_long"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(read_text, text, code) -> None:
    feed = read_text(text, format_name="registers")
    assert feed.status == "rejected" and [one.code for one in feed.problems] == [code]
    assert reads(feed) == []


def test_a_local_clock(read_text) -> None:
    rows = [f"SP1,,T1,2026-03-29T{clock},1,kWh,,,," for clock in ("00:59", "01:30", "02:00")]
    feed = read_text(HEAD + "\n".join(rows) + "\n", zone="Europe/London")
    assert [one.code for one in feed.problems] == ["no_such_time"] and feed.problems[0].line == 3
    assert [one.read_at.hour for one in reads(feed)] == [0, 1]


def test_what_inspect_says(read_text) -> None:
    (document,) = inspection([read_text(f"{HEAD}{ROW}\n")])["files"]
    assert (document["format"], document["status"], document["problems"]) == ("registers", "ok", [])


letters = st.characters(codec="utf-8", exclude_characters='\0\n\r"', exclude_categories=["Zs", "Cc", "Cf"])
names = st.text(letters, min_size=1, max_size=12).map(str.strip).filter(bool)
a_read = st.builds(
    RegisterRead,
    service_point=names,
    meter=names,
    register=names,
    unit=st.sampled_from(["kWh", "Wh", "MWh", "kVArh", "m3", "l"]).map(parse_unit),
    direction=st.sampled_from(["import", "export"]),
    read_at=st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)).map(
        lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
    ),
    figure=st.integers(-(10**18) + 1, 10**18 - 1),
    kind=st.sampled_from(get_args(ReadKind)),
    digits=st.one_of(st.none(), st.integers(1, 12)),
    multiplier_micro=st.one_of(st.none(), st.integers(1, 10**12)),
)


def row_of(read: RegisterRead, delimiter: str, hours: int) -> str:
    local = (read.read_at + timedelta(hours=hours)).replace(tzinfo=None)
    fields = [
        read.service_point,
        read.meter,
        read.register,
        f"{local.isoformat()}{hours:+03}:00",
        decimal_text(read.figure, 6),
        read.unit.declared,
        read.kind,
        "" if read.digits is None else str(read.digits),
        "" if read.multiplier_micro is None else str(Decimal(read.multiplier_micro).scaleb(-6)),
        read.direction,
    ]
    return delimiter.join(f'"{field}"' if delimiter in str(field) else str(field) for field in fields)


@quiet
@given(st.lists(a_read, min_size=1, max_size=12), st.sampled_from(",;\t"), st.integers(-11, 12))
def test_what_is_written_is_read_back(read_text, written, delimiter, hours) -> None:
    rows = [row_of(read, delimiter, hours) for read in written]
    feed = read_text("\n".join([delimiter.join(FIELDS), *rows]))
    assert feed.problems == ()
    assert reads(feed) == [replace(read, line=line) for line, read in enumerate(written, 2)]


sane = f"{HEAD}{ROW}\n{ROW}\n".encode()


tails = st.binary(max_size=200).map(lambda tail: HEAD.encode() + tail)
cuts = st.lists(st.tuples(st.integers(0, len(sane)), st.binary(max_size=3)), max_size=4)
odd_fields = st.sampled_from([*ROW.split(","), "", "-1", "é", "1e99", '"'])
odd_rows = st.lists(st.lists(odd_fields, max_size=11).map(",".join), max_size=5)


@quiet
@given(
    st.one_of(
        tails,
        cuts.map(lambda cuts: _hurt(sane, cuts)),
        odd_rows.map(lambda rows: (HEAD + "\n".join(rows)).encode()),
    )
)
def test_whatever_is_in_a_file_every_row_is_read_or_named(read_text, data) -> None:
    feed = read_text(data, format_name="registers")
    assert feed.status in ("ok", "partial", "rejected")
    assert feed.problems or reads(feed)
    if feed.status != "rejected":
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").strip("\n").split("\n")[1:]
        rows = [line for line in lines if line.replace(",", "").replace('"', "").strip()]
        assert len(reads(feed)) + len(feed.problems) == len(rows)


def _hurt(data: bytes, cuts: list[tuple[int, bytes]]) -> bytes:
    for place, instead in cuts:
        data = data[:place] + instead + data[place + 2 :]
    return data
