"""Files of prices: what is taken, and what is refused with its line and the reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.domain.errors import PricesRefused
from billing.domain.tariffs.price_file import read_prices

LONDON = "Europe/London"


def read(*rows: str, timezone: str | None = None, head: str = "starts_at,price") -> list[int]:
    return read_prices("\n".join([head, *rows]), "spot", timezone).price_micro.tolist()


def test_instants_and_times_of_a_clock() -> None:
    text = "\ufeffprice, starts_at\r\n0.1,2024-07-01T00:00:00Z\r\n\r\n-0.2,2024-07-01 02:00+01:00\r\n"
    found = read_prices(text, "spot", None)
    assert (found.starts_at, found.interval_minutes) == (datetime(2024, 7, 1, tzinfo=UTC), 60)
    assert found.price_micro.tolist() == [100_000, -200_000]
    local = read_prices("starts_at,price\n2024-07-01 00:00,1\n2024-07-01 00:15,2", "spot", LONDON)
    assert (local.starts_at, local.interval_minutes) == (datetime(2024, 6, 30, 23, tzinfo=UTC), 15)


def test_rows_may_stand_in_any_order() -> None:
    assert read("2024-07-01T01:00Z,2", "2024-07-01T00:00Z,1", "2024-07-01T02:00Z,3") == [
        10**6,
        2 * 10**6,
        3 * 10**6,
    ]


def test_the_hour_that_the_clock_shows_twice_is_written_twice() -> None:
    hours = ["00:00", "01:00", "01:00", "02:00"]
    found = read(*(f"2013-10-27 {hour},{place}" for place, hour in enumerate(hours)), timezone=LONDON)
    assert found == [0, 10**6, 2 * 10**6, 3 * 10**6]
    with pytest.raises(PricesRefused, match="line 5: no price from 2013-10-27 01:00 UTC"):
        read(
            "2013-10-26 23:00,1",
            "2013-10-27 00:00,1",
            "2013-10-27 01:00,2",
            "2013-10-27 02:00,3",
            timezone=LONDON,
        )


@pytest.mark.parametrize(
    ("rows", "line", "reason"),
    [
        (["2024-07-01 00:00,1"], 2, "has no offset such as Z"),
        (["yesterday,1"], 2, "'yesterday' is not a time"),
        (["2024-07-01T00:00:30Z,1"], 2, "not on a whole minute"),
        (["2024-07-01T00:00Z,0.1234567"], 2, "more than six decimals"),
        (["2024-07-01T00:00Z,"], 2, "'' is not a plain decimal number"),
        (["2024-07-01T00:00Z,9000000"], 2, "too large"),
        (["2024-07-01T00:00Z,1,2"], 2, "3 cells, where the header has 2"),
        (["2024-07-01T00:00Z,1", "2024-07-01T01:00+01:00,2"], 3, "has a price already, in line 2"),
        (["2024-07-01T00:00Z,1", "2024-07-01T01:00Z,1", "2024-07-01T03:00Z,1"], 4, "02:00 UTC to before"),
        (["2024-07-01T00:00Z,1", "2024-07-01T00:07Z,1"], 3, "7 minutes after"),
        (["2024-07-01T00:15Z,1", "2024-07-01T01:15Z,1"], 2, "not on the clock's 60 minutes"),
        (["2024-07-01T00:00Z,1"], 0, "the file holds 1 prices"),
        (['2024-07-01T00:00Z,"1'], 2, "not CSV"),
    ],
)  # fmt: skip
def test_refusals_say_the_line_and_the_reason(rows: list[str], line: int, reason: str) -> None:
    with pytest.raises(PricesRefused) as caught:
        read(*rows)
    assert caught.value.line == line
    assert reason in caught.value.reason


def test_columns_are_two_and_no_others() -> None:
    for head, reason in (
        ("starts_at,price,Temperature", "unknown column 'Temperature'"),
        ("starts_at", "the column price stands there 0 times"),
        ("price,price,starts_at", "the column price stands there 2 times"),
    ):
        with pytest.raises(PricesRefused, match=reason):
            read("2024-07-01T00:00Z,1", head=head)
    with pytest.raises(PricesRefused, match="the file is empty"):
        read_prices("", "spot", None)


def test_a_time_that_the_clock_leaves_out_is_refused() -> None:
    with pytest.raises(
        PricesRefused, match="line 3: starts_at: the clock of Europe/London does not show 2013-03-31 01:00"
    ):
        read("2013-03-31 00:00,1", "2013-03-31 01:00,1", timezone=LONDON)
