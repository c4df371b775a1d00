"""Letters on paper: the hour, the window, and what is in the file."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.domain.window import address_lines, window_of
from notifications.letters.hours import cut_due, is_working_day, next_cut
from notifications.letters.typesetting import From, Set, pictures_of, set_letters
from utility_crm.kit.settings import Settings

SENDER = From("Northmoor Energy", "Northmoor Energy, 1 Moor Gate, Northmoor", ("1 Moor Gate", "Northmoor"))
ISSUED = (2026, 11, 20)
DOTS_A_MM = 80 / 25.4


def by(country: str, at: str = "15:00", zone: str = "Europe/London") -> Settings:
    return Settings(country=country, letters_at=at, timezone=zone)


@pytest.mark.parametrize(
    ("now", "given", "due"),
    [
        (datetime(2026, 11, 20, 14, 59, tzinfo=UTC), by("GB"), None),
        (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), by("GB"), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 23, 59, tzinfo=UTC), by("GB"), date(2026, 11, 20)),
        (datetime(2026, 11, 21, 15, 0, tzinfo=UTC), by("GB"), None),  # a Saturday
        (datetime(2026, 12, 25, 15, 0, tzinfo=UTC), by("GB"), None),
        (datetime(2026, 12, 25, 15, 0, tzinfo=UTC), by("RU", zone="Europe/Moscow"), date(2026, 12, 25)),
        (datetime(2027, 1, 7, 15, 0, tzinfo=UTC), by("RU", zone="Europe/Moscow"), None),
        (datetime(2026, 7, 1, 14, 0, tzinfo=UTC), by("GB"), date(2026, 7, 1)),  # summer time
        (datetime(2026, 7, 1, 13, 59, tzinfo=UTC), by("GB"), None),
        (datetime(2026, 11, 20, 15, 0, tzinfo=UTC), by("GB", ""), None),
    ],
)
def test_when_letters_are_gathered(now: datetime, given: Settings, due: date | None) -> None:
    assert cut_due(now, given) == due


def test_the_next_hour_steps_over_weekends_and_feasts() -> None:
    friday = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
    assert next_cut(friday, by("GB"), today_done=False) == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert next_cut(friday, by("GB"), today_done=True) == datetime(2026, 11, 23, 15, tzinfo=UTC)
    late = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # the hour was missed: it is made up for
    assert next_cut(late, by("GB"), today_done=False) == datetime(2026, 11, 20, 15, tzinfo=UTC)
    # Christmas Day and the Boxing Day that stands for a Saturday
    eve = datetime(2026, 12, 24, 16, 0, tzinfo=UTC)
    assert next_cut(eve, by("GB"), today_done=True) == datetime(2026, 12, 29, 15, tzinfo=UTC)
    assert next_cut(eve, by("GB", ""), today_done=False) is None
    assert is_working_day(date(2026, 11, 20), "XX") and not is_working_day(date(2026, 11, 21), "XX")


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("12 Mill Lane, Kelder Bridge, KB4 2TN", ("12 Mill Lane", "Kelder Bridge", "KB4 2TN")),
        ("12 Mill Lane\nKelder Bridge", ("12 Mill Lane", "Kelder Bridge")),
        ("a, b, c, d, e, f, g", ("a, b, c", "d", "e", "f", "g")),
        (" , ", ()),
    ],
)
def test_an_address_has_five_lines_at_most(address: str, lines: tuple[str, ...]) -> None:
    assert address_lines(address) == lines


def letters(*texts: str) -> list[Set]:
    return [
        Set(
            number=f"12-{place}",
            language="ru" if place % 2 == 0 else "en",
            day="20 November 2026",
            address=(f"Person {place}", f"{place} Mill Lane", "Kelder Bridge", "North Riding", "KB4", "GB"),
            subject=f"Subject {place}",
            text=tuple(tuple(part.splitlines()) for part in one.split("\n\n")),
        )
        for place, one in enumerate(texts, start=1)
    ]


@settings(max_examples=6)
@given(st.lists(st.integers(1, 130), min_size=1, max_size=4))
def test_each_letter_has_pages_of_its_own_and_looks_as_it_does_alone(lengths: list[int]) -> None:
    texts = ["\n\n".join(f"Line {n} of letter {place}." for n in range(length))
             for place, length in enumerate(lengths, start=1)]  # fmt: skip
    window, all_of_them = window_of("GB"), letters(*texts)
    made = set_letters("L", ISSUED, SENDER, all_of_them, window)
    alone = [pictures_of("L", ISSUED, SENDER, [one], window) for one in all_of_them]
    assert pictures_of("L", ISSUED, SENDER, all_of_them, window) == [page for one in alone for page in one]
    pages = 0
    for one, span in zip(alone, made.spans, strict=True):
        assert span == (pages + 1, pages + len(one))
        pages += len(one)


def ink(png: bytes) -> tuple[float, float, list[tuple[float, float]]]:
    """Width and height of a page, and where it is dark, in millimetres. PNG (ISO 15948) as typst writes it:
    RGBA, eight bits, not interlaced."""
    width, height, depth, colour = struct.unpack_from(">IIBB", png, 16)
    assert (depth, colour) == (8, 6)
    at, packed = 8, b""
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        packed += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + 4 * width)
    rows = np.zeros((height, 4 * width), np.uint8)
    for y in range(height):
        rows[y] = _unfiltered(int(raw[y, 0]), raw[y, 1:], rows[y - 1] if y else rows[0] * 0)
    dark = np.argwhere(rows.reshape(height, width, 4)[:, :, :3].min(axis=2) < 160)
    return width / DOTS_A_MM, height / DOTS_A_MM, [(x / DOTS_A_MM, y / DOTS_A_MM) for y, x in dark]


def _unfiltered(kind: int, line: Any, above: Any) -> Any:
    if kind == 0:
        return line
    if kind == 2:
        return line + above
    out = np.zeros_like(line)
    for x in range(len(line)):
        a, b = (int(out[x - 4]), int(above[x])) if x >= 4 else (0, int(above[x]))
        c = int(above[x - 4]) if x >= 4 else 0
        near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        out[x] = (int(line[x]) + {1: a, 3: (a + b) // 2, 4: near}[kind]) % 256
    return out


@pytest.mark.parametrize(
    ("country", "paper_mm"),
    [("DE", (210, 297)), ("GB", (210, 297)), ("US", (215.9, 279.4)), ("RU", (210, 297))],
)
def test_the_longest_address_stands_in_the_window_and_nothing_else(
    country: str, paper_mm: tuple[float, float]
) -> None:
    window, silent = window_of(country), From("", "", ())
    ready = replace(letters("One line.")[0], day="", subject="", text=(), number="")
    (page,) = pictures_of("L", ISSUED, silent, [ready], window)
    width, height, dark = ink(page)
    assert (width, height) == pytest.approx(paper_mm, abs=0.5)
    xs, ys = [x for x, y in dark if y < height / 2], [y for x, y in dark if y < height / 2]
    assert window.left_mm - 0.5 <= min(xs) <= window.left_mm + 1
    assert max(xs) <= window.left_mm + window.width_mm
    assert window.top_mm - 0.5 <= min(ys) and max(ys) <= window.top_mm + window.height_mm
    assert max(ys) - min(ys) > 18, "six lines"


def test_the_same_letters_are_the_same_bytes_and_a_strange_name_does_no_harm() -> None:
    strange = letters("Dear 漢字 \u202e,\n\nПривет, мир.")
    one, two = (set_letters("L", ISSUED, SENDER, strange, window_of("GB")) for _ in range(2))
    assert one == two and b"<pdfaid:part>2</pdfaid:part>" in one.pdf
