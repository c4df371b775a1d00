"""MSCONS and 80020 in the database: taken, known again, corrected, with what they say of their intervals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from market_messages import DAY, POINT, area, channel, market_message, periods, point
from mscons_files import CET, interchange, location, message, position, values

from meters.actions import TakenFeed

Take = Callable[..., TakenFeed]
Held = Callable[..., list[int | None]]


def test_a_russian_day_sent_again_replaces_the_one_before(take: Take, held: Held, tmp_path: Path) -> None:
    first, again, later = (tmp_path / f"{name}.xml" for name in ("first", "again", "later"))
    first.write_bytes(market_message(area(point(channel(periods(["1"] * 48)))), number=1))
    again.write_bytes(market_message(area(point(channel(periods(["1"] * 48)))), number=2))
    later.write_bytes(market_message(area(point(channel(periods(["2"] * 40)))), number=3))
    assert take(first).status == "ok"
    assert held(POINT, DAY, "01") == [10**6] * 48
    assert take(again).status == "unchanged", "a new number that says the same confirms"
    assert take(later).status == "ok"
    assert held(POINT, DAY, "01") == [2 * 10**6] * 40 + [None] * 8


def test_a_swiss_day_in_two_interchanges_is_one_day(take: Take, held: Held, tmp_path: Path) -> None:
    start = datetime(2024, 1, 10, tzinfo=CET)
    told = values(start, ["0.25"] * 96)
    for name, segments in (("night", told[: 3 * 40]), ("day", told[3 * 40 :])):
        path = tmp_path / f"{name}.txt"
        path.write_text(interchange(message(*location("CH1"), *position("1-1:1.29.0*255", *segments))))
        assert take(path).status == "ok"
    assert held("CH1", date(2024, 1, 10), "1-1:1.29.0*255") == [250_000] * 96
