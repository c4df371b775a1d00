"""What a column of text holds, in whichever way it is written."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.learning.kinds import Categories, Days, Dropped, Kind, Numbers, days_of, kind_of, names_rows

CENTS = st.lists(st.integers(-(10**8), 10**8), min_size=3, max_size=30).filter(lambda xs: len(set(xs)) > 1)
DAYS = st.lists(st.dates(date(1950, 1, 1), date(2090, 1, 1)), min_size=3, max_size=30)


def kind(texts: list[str], title: str = "x") -> Kind:
    return kind_of(title, pd.Series(texts, dtype=object))


@given(CENTS, st.sampled_from(["plain", "english", "german", "french"]), st.data())
def test_numbers_are_read_as_they_were_meant(cents: list[int], style: str, data: st.DataObject) -> None:
    cents = [*cents, 100_000_125]  # one that says which mark is which
    shown = [f"{one / 100:,.2f}" for one in cents]
    ways = {
        "plain": lambda text: text.replace(",", ""),
        "english": lambda text: text,
        "german": lambda text: text.translate(str.maketrans(",.", ".,")),
        "french": lambda text: text.translate(str.maketrans({",": "\u202f", ".": ","})),
    }
    blank = data.draw(st.integers(0, len(cents)))
    texts = [ways[style](text) for text in shown]
    texts.insert(blank, "")
    found = kind(texts)
    assert isinstance(found, Numbers)
    assert np.isnan(found.values[blank])
    assert np.delete(found.values, blank) == pytest.approx([one / 100 for one in cents])


STYLES = (
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d 13:45:00", "%Y-%m-%dT00:00:00Z", "%d-%b-%Y", "%d %B %Y",
    "%b %d, %Y", "%d%b%Y", "%d%b%Y:00:00:00", "%d-%b-%Y 13:45:00",
)  # fmt: skip


@given(DAYS, st.sampled_from(STYLES))
def test_days_are_read_in_the_order_that_fits_all(days: list[date], style: str) -> None:
    days = [*days, date(2016, 3, 25)]  # one that says which order it is
    found = days_of([one.strftime(style) for one in days] + [""])
    assert found is not None and not found.ambiguous
    epoch = date(1970, 1, 1)
    assert [epoch + timedelta(days=float(value)) for value in found.values[:-1]] == days
    assert np.isnan(found.values[-1])


def test_days_that_can_be_read_both_ways_say_so() -> None:
    found = days_of(["03/04/2016", "05/06/2016"])
    assert found is not None and found.ambiguous
    assert date(1970, 1, 1) + timedelta(days=float(found.values[0])) == date(2016, 4, 3)


def test_a_month_is_its_first_day() -> None:
    found = days_of(["2016-03", "2016-04"])
    assert found is not None and np.diff(found.values).tolist() == [31]


def test_words_that_begin_like_months_are_no_days() -> None:
    assert days_of(["12 marks 2016", "13 marks 2016"]) is None
    assert days_of(["May", "May 5"]) is None
    assert days_of(["31-Feb-2016", "30-Feb-2016"]) is None
    september = days_of(["7 Sept. 2016", "1-SEP-16"])
    assert september is not None and np.ptp(september.values) == 6


def test_days_of_never_are_unknown() -> None:
    found = kind(["2016-01-01", "9999-12-31", "2016-01-03", "1900-01-01"])
    assert isinstance(found, Days)
    assert np.isnan(found.values[[1, 3]]).all() and not np.isnan(found.values[[0, 2]]).any()


@pytest.mark.parametrize(
    ("texts", "title", "expected"),
    [
        (["1", "1", "1"], "x", "constant"),
        (["", "NA", "nan"], "x", "empty"),
        ([f"h{row:x}" for row in range(60)], "anything", "id"),
        ([str(row) for row in range(1000, 1060)], "anything", "id"),
        ([str(row * 7919 % 99991) for row in range(60)], "customerID", "id"),
        ([f"note {row // 2}" if row % 3 else "" for row in range(120)], "notes", "text"),
    ],
)
def test_what_says_nothing_is_left_out(texts: list[str], title: str, expected: str) -> None:
    found = kind(texts, title)
    assert isinstance(found, Dropped) and found.why == expected


def test_large_whole_numbers_are_no_ids_by_themselves() -> None:
    assert isinstance(kind([str(row * 7919 % 99991) for row in range(60)], "yearly_use"), Numbers)


def test_codes_are_categories() -> None:
    assert isinstance(kind(["0049", "0044", "0049"]), Categories)
    assert isinstance(kind(["t", "f", "t"]), Categories)


def test_a_few_cells_that_are_no_number_are_unknown() -> None:
    found = kind([*(str(row / 4) for row in range(100)), "err"])
    assert isinstance(found, Numbers) and found.refused == (100,)
    assert isinstance(kind(["1", "2", "err", "3"]), Categories)


def test_free_text_keeps_whether_it_is_filled() -> None:
    found = kind([f"reason {row}" if row < 30 else "" for row in range(100)])
    assert isinstance(found, Dropped) and found.filled is not None and found.filled.sum() == 30


@pytest.mark.parametrize(
    ("title", "expected"),
    [("customerID", True), ("row_no", True), ("Unnamed: 0", True), ("paid", False), ("notes", False)],
)
def test_titles_that_name_rows(title: str, expected: bool) -> None:
    assert names_rows(title) is expected
