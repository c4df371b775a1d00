"""Amounts, days and sums: what may be read in two ways is never decided, and every row has one fate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.records.domain.amounts import amount_of, mark_of
from utility_crm.records.domain.days import day_of, orders_of
from utility_crm.records.domain.seen import ColumnSeen
from utility_crm.records.domain.sums import FATES, Money, Sums


@pytest.mark.parametrize(
    ("text", "mark"),
    [("12", ""), ("12.5", "."), ("12,50", ","), ("1.234", "?"), ("1,234", "?"), ("1.234,5", ","),
     ("-1 234,50", ","), ("1,234,567", "."), ("1'000", ""), ("1.2.3", None), ("", None), ("12 €", None),
     ("0,123", ","), ("−3.10", ".")],
)  # fmt: skip
def test_the_mark_before_the_parts(text: str, mark: str | None) -> None:
    assert mark_of(text) == mark


@given(st.integers(-(10**12), 10**12), st.sampled_from([".", ","]), st.booleans())
def test_an_amount_is_read_as_it_was_written(minor: int, mark: str, grouped: bool) -> None:
    plain = Decimal(minor).scaleb(-2)
    text = f"{plain:,.2f}" if grouped else f"{plain:.2f}"
    if mark == ",":
        text = text.translate({ord(","): ".", ord("."): ","})
    assert amount_of(text, mark) == plain  # type: ignore[arg-type]
    assert mark_of(text) == mark


@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.sampled_from(["-", "/", "."]))
def test_a_day_is_read_in_its_order(day: date, sign: str) -> None:
    dmy, mdy = day.strftime(f"%d{sign}%m{sign}%Y"), day.strftime(f"%m{sign}%d{sign}%Y")
    assert day_of(dmy, "dmy") == day_of(mdy, "mdy") == day
    assert day_of(day.isoformat(), "dmy") == day_of(day.strftime("%Y%m%d"), "mdy") == day
    assert day_of(day.strftime(f"%d{sign}%m{sign}%y"), "dmy") == day
    expected = {"dmy"} if sign == "." or day.day > 12 else {"dmy", "mdy"}
    assert orders_of(dmy) == expected


def seen(*cells: str) -> ColumnSeen:
    column = ColumnSeen("x")
    for cell in cells:
        column.see(cell)
    return column


def test_a_column_proves_its_order_or_it_is_asked() -> None:
    assert seen("03/04/2026", "05/06/2026").order == ""
    assert seen("03/04/2026", "25/06/2026").order == "dmy"
    assert seen("03/04/2026 10:15", "06/25/2026 10:15").order == "mdy"
    assert seen("25/06/2026", "06/25/2026").order == ""
    assert seen("03.04.2026").order == "dmy"
    assert seen("2026-04-03", "").order == "ymd"


def test_a_column_proves_its_mark_or_it_is_asked() -> None:
    assert seen("1.234", "12").mark == ""
    assert seen("1.234", "12,50").mark == ","
    assert seen("1,234", "12.50").mark == "."
    assert seen("12,50", "12.50").mark == ""
    assert seen("12").mark == "."


def test_values_are_counted_while_they_are_few() -> None:
    assert seen("a", "b", "a").values == {"a": 2, "b": 1}
    many = seen(*(str(number) for number in range(1000)))
    assert many.values is None
    assert (many.filled, many.examples) == (1000, ["0", "1", "2"])
    assert ColumnSeen.of(many.document()) == many


_ROWS = st.lists(
    st.tuples(
        st.sampled_from(FATES),
        st.one_of(st.none(), st.builds(Money, st.sampled_from(["EUR", "RUB"]),
                                       st.sampled_from(["2026-01", "2026-02"]),
                                       st.integers(-(10**9), 10**9))),
    )
)  # fmt: skip


@given(_ROWS)
def test_sums_add_up_to_the_cent(rows: list[tuple[str, Money | None]]) -> None:
    sums, booked = Sums(), {}
    for fate, money in rows:
        sums.count(fate, money, "why" if fate == "refused" else "", has_money=True)  # type: ignore[arg-type]
        if money is not None and fate != "refused":
            key = money.currency, money.month
            count, minor = booked.get(key, (0, 0))
            booked[key] = count + 1, minor + money.minor
    report = sums.document(booked)
    assert report["rows"] == len(rows) == sum(report[fate] for fate in FATES)
    assert report["adds_up"]
    amounts = [money for _fate, money in rows if money is not None]
    assert sum(line["in_file"] for line in report["money"]) == sum(money.minor for money in amounts)
    assert sum(line["rows"] for line in report["money"]) + report["unreadable"] == len(rows)
    if booked:
        key = next(iter(booked))
        booked[key] = booked[key][0], booked[key][1] + 1
        assert not sums.document(booked)["adds_up"]
