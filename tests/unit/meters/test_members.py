"""Zips opened in place, content before names, and what is no text at all."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.domain.problems import Problem
from meters.feeds import members
from meters.feeds.formats import formats
from meters.feeds.heads import WORKBOOK, head_of, text_head
from meters.feeds.reading import read_feed
from meters.inspection import summarise

HEAD = "100,NEM12,202402010000,MDP1,RET1\n200,6001,E1,E1,E1,N1,M77,kWh,30,\n"
ROW = "meter,timestamp,kwh\n"


def day(number: int, value: str = "1") -> str:
    return f"300,202401{number:02d},{','.join([value] * 48)},A,,,,\n"


def nem12(*days: str) -> str:
    return HEAD + "".join(days) + "900\n"


def csv(first: int, last: int, value: str = "1") -> str:
    return ROW + "".join(f"M1,2024-01-01T{hour:02d}:00Z,{value}\n" for hour in range(first, last))


def zipped(**members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return held.getvalue()


def test_formats_are_found_by_listing() -> None:
    assert set(formats()) >= {"csv", "nem12"}


def test_content_decides_not_the_name(read_text) -> None:
    assert read_text(nem12(day(1)), name="readings.pdf").format == "nem12"
    assert read_text(csv(0, 3), name="NEM12.zip").format == "csv"


def test_the_members_of_a_zip_merge(read_text) -> None:
    feed = read_text(zipped(a=nem12(day(1), day(2)), b=nem12(day(2, "5"), day(3))), name="x.zip")
    assert feed.status == "ok"
    [channel] = summarise(feed.blocks)
    assert (channel.readings, channel.document()["total"]) == (144, str(48 + 240 + 48))


def test_halves_of_a_csv_day_in_two_members_are_one_day(read_text) -> None:
    feed = read_text(zipped(a=csv(0, 10), b=csv(8, 24, "2")), name="x.zip")
    [block] = feed.blocks
    assert block.day == date(2024, 1, 1) and block.present.all()
    assert block.values.tolist() == [1_000_000] * 8 + [2_000_000] * 16


def test_a_refused_member_leaves_its_fellows_and_is_named(read_text) -> None:
    feed = read_text(
        zipped(**{"good.csv": nem12(day(1)), "bad.csv": HEAD + day(2), "note.txt": "hello"}), name="x.zip"
    )
    assert feed.status == "partial" and len(feed.blocks) == 1
    assert [(problem.member, problem.code) for problem in feed.problems] == [
        ("bad.csv", "no_end"),
        ("note.txt", "unknown_format"),
    ]


def test_a_zip_may_not_unpack_to_more_than_a_limit(read_text, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipped(a=nem12(day(1)), b=nem12(day(2)))
    whole = 2 * len(nem12(day(1)))
    monkeypatch.setattr(members, "MOST_UNPACKED", whole)
    assert read_text(archive, name="x.zip").status == "ok"
    monkeypatch.setattr(members, "MOST_UNPACKED", whole - 1)
    feed = read_text(archive, name="x.zip")
    assert (feed.status, [problem.code for problem in feed.problems]) == ("rejected", ["too_large"])


def test_a_member_that_says_less_than_it_holds_is_refused(read_text) -> None:
    """Or the limit on what a zip says of itself would be none."""
    text = nem12(*[day(number) for number in range(1, 29)])
    size = len(text).to_bytes(4, "little")
    archive = zipped(a=text)
    assert archive.count(size) == 2
    feed = read_text(archive.replace(size, (len(HEAD) + 7).to_bytes(4, "little")), name="x.zip")
    assert (feed.status, [problem.code for problem in feed.problems]) == ("rejected", ["damaged_zip"])


def test_gzip_is_opened_in_place(read_text, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "timestamp,kwh\n" + "".join(f"2024-01-01T{hour:02d}:00Z,1\n" for hour in range(24))
    feed = read_text(gzip.compress(text.encode(), mtime=0), name="M7.csv.gz")
    assert (feed.status, feed.format, feed.blocks[0].service_point) == ("ok", "csv", "M7")
    feed = read_text(zipped(**{"M8.csv.gz": ""}), name="x.zip")
    assert feed.problems[0].code == "empty"
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("M8.csv.gz", gzip.compress(text.encode(), mtime=0))
    feed = read_text(held.getvalue(), name="x.zip")
    assert (feed.status, feed.blocks[0].service_point) == ("ok", "M8")
    monkeypatch.setattr(members, "MOST_UNPACKED", len(text) - 1)
    feed = read_text(gzip.compress(text.encode(), mtime=0), name="M7.csv.gz")
    assert (feed.status, [problem.code for problem in feed.problems]) == ("rejected", ["too_large"])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda content: zipped(a=content.decode())])
def test_how_far_a_path_is_read_is_told(tmp_path, pack) -> None:
    path, told = tmp_path / "a.csv", []
    path.write_bytes(pack(nem12(*[day(number) for number in range(1, 29)] * 90).encode()))
    feed = read_feed(path, watch=told.append)
    assert feed.status == "ok" and len(feed.blocks) == 28
    assert max(told) == path.stat().st_size
    if pack is bytes:
        assert told == sorted(told) and len(set(told)) > 1


def test_a_zip_inside_a_zip_is_not_opened(read_text) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("inner.zip", zipped(a=nem12(day(1))))
        archive.writestr("b.csv", nem12(day(2)))
    feed = read_text(held.getvalue(), name="x.zip")
    assert feed.status == "partial" and len(feed.blocks) == 1
    assert [(problem.member, problem.code) for problem in feed.problems] == [("inner.zip", "binary")]


def test_a_workbook_is_one_member_that_can_be_sought_in(tmp_path) -> None:
    book = zipped(**{"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<workbook/>"})
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("a/M9.xlsx", book)
    for content, name in ((book, None), (outer.getvalue(), "a/M9.xlsx")):
        path = tmp_path / "M9.xlsx"
        path.write_bytes(content)
        with members.opened(path) as found:
            [member] = [
                (one.name, one.stem, head_of(one), one.stream.read(), one.stream.seek(0), one.stream.read(2))
                for one in found
                if isinstance(one, members.Member)
            ]
        assert member == (name, "M9", WORKBOOK, book, 0, b"PK")


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ('<?xml version="1.0" encoding="windows-1251"?>\n<a>Счётчик</a>'.encode("cp1251"), "Счётчик"),
        ("\n<?xml version=\"1.0\" encoding='KOI8-R' ?><a>Счётчик</a>".encode("koi8-r"), "Счётчик"),
        ('<?xml version="1.0" encoding="UTF-8"?><a>Zähler</a>'.encode(), "Zähler"),
        (b"\xef\xbb\xbf" + "<a>Zähler</a>".encode(), "Zähler"),
        (b'<?xml version="1.0" encoding="utf-16"?><a>plain</a>', "<a>plain"),
        (b'<?xml version="1.0" encoding="no-such"?><a>plain</a>', "<a>plain"),
        (b'<?xml version="1.0" encoding="hex"?><a>plain</a>', "<a>plain"),
        ("UNA:+.? 'UNB+UNOC:3+Zählwerk".encode("latin-1"), "Zählwerk"),
        ("UNB+UNOC:3+Zählwerk".encode("latin-1"), "Zählwerk"),
    ],
)
def test_heads_in_the_encoding_that_they_declare(head: bytes, found: str) -> None:
    text = text_head(head)
    assert isinstance(text, str) and found in text


@pytest.mark.parametrize(
    ("head", "line"),
    [("<?xml version='1.0'?>\n<a>ä</a>".encode("latin-1"), 2), ("a,b\nc,ä\n".encode("latin-1"), 2)],
)
def test_other_text_is_utf8(head: bytes, line: int) -> None:
    problem = text_head(head)
    assert isinstance(problem, Problem) and (problem.code, problem.line) == ("encoding", line)


def test_damaged_zips(read_text) -> None:
    whole = zipped(a=nem12(*[day(number, f"1.{number}") for number in range(1, 29)]))
    assert read_text(whole[: len(whole) // 2], name="x.zip").problems[0].code == "damaged_zip"
    broken = bytearray(whole)
    broken[60] ^= 0xFF
    feed = read_text(bytes(broken), name="x.zip")
    assert feed.status == "rejected" and feed.problems[0].member == "a"
    assert read_text(zipped(), name="x.zip").problems[0].code == "empty_zip"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n\r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (nem12(day(1)).encode("utf-16"), "utf16"),
        (nem12(day(1)).encode("utf-16-le"), "utf16"),
        (csv(0, 5).encode("utf-16-be"), "utf16"),
        (bytes(range(256)), "binary"),
        (b"%PDF-1.7 and so on", "binary"),
        (b"\x1f\x8b\x08\x00", "damaged_gzip"),
        (gzip.compress(nem12(day(1)).encode(), mtime=0)[:-20], "damaged_gzip"),
        (gzip.compress(gzip.compress(b"twice", mtime=0), mtime=0), "binary"),
        (nem12(day(1)).replace("N1", "N\0").encode(), "binary"),
        (csv(0, 5).replace("M1", "Mü").encode("latin-1"), "encoding"),
        (b"100,NEM12,202402010000,MDP1,RET1\n900\n", "no_readings"),
        (b"hello world\n", "unknown_format"),
        (b'{"a": 1,\n "b": 2}', "unknown_format"),
        (b"<feed a='1,2'>", "unknown_format"),
        (b"UNB+UNOC:3+1,2", "unknown_format"),
    ],
)
@pytest.mark.parametrize("format_name", ["auto", "csv", "nem12"])
def test_what_cannot_be_read_is_refused_with_one_sentence(
    read_text, content: bytes, code: str, format_name: str
) -> None:
    feed = read_text(content, format_name=format_name)
    assert (feed.status, feed.blocks, len(feed.problems)) == ("rejected", (), 1)
    if format_name == "auto" or code not in ("unknown_format", "no_readings"):
        assert feed.problems[0].code == code
    assert format_name != "auto" or feed.problems[0].message.count(". ") == 0
    assert feed.problems[0].message.endswith(".")


SOUND = [nem12(day(1), day(2)).encode(), csv(0, 24).encode(), zipped(a=csv(0, 24))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(
    sound=st.sampled_from(SOUND),
    hits=st.lists(
        st.tuples(st.floats(0, 0.999), st.binary(max_size=6), st.integers(0, 40)), min_size=1, max_size=4
    ),
)
def test_no_damage_to_a_file_is_ever_an_exception_or_silence(read_text, sound: bytes, hits) -> None:
    damaged = sound
    for place, put, cut in hits:
        at = int(place * len(damaged))
        damaged = damaged[:at] + put + damaged[at + cut :]
    feed = read_text(damaged, zone="UTC")
    assert (feed.status == "ok") == (not feed.problems)
    assert feed.blocks or feed.status == "rejected"
    for channel in summarise(feed.blocks):
        assert channel.readings >= 0 and channel.missing >= 0
