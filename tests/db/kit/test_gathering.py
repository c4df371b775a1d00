"""Several selects in one statement give what each gives by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.gathering import gathered, listed, listed_kinds


@dataclass(frozen=True, slots=True)
class Kept:
    """A row with every kind of column."""

    number: int
    on: date
    at: datetime | None
    words: str
    exact: int
    names: list[str]


ROWS = listed(
    "select n, :first + n, case when n > 1 then cast('2026-03-29 01:00:00.25+03' as timestamptz) end, "
    "       'ö \"' || n, 9007199254740993 * n, array['b', null] "
    "from generate_series(1, :most) n order by n desc",
    Kept,
)
COUNTED = listed_kinds(
    "with of as (select :first as day) select day, day, count(*) from of group by 1", date, date, int
)
NONE = listed_kinds("select 1 where :first is null", int)


def test_each_list_is_what_its_select_gives_alone_in_its_order(session: Session) -> None:
    values = {"first": date(2026, 2, 27), "most": 3}
    several = gathered(session, (ROWS, NONE, COUNTED), values)
    for one, rows in zip((ROWS, NONE, COUNTED), several, strict=True):
        assert rows == [list(row) for row in session.execute(text(one.sql), values)]
    assert [Kept(*row) for row in several[0]][1] == Kept(
        2,
        date(2026, 3, 1),
        datetime(2026, 3, 28, 22, 0, 0, 250_000, UTC),
        'ö "2',
        2 * (2**53 + 1),
        ["b", None],
    )
    assert several[1] == [] and several[2] == [[date(2026, 2, 27), date(2026, 2, 27), 1]]


def test_arrays_of_ids_are_given_as_they_are(session: Session) -> None:
    selects = (listed_kinds("select n from generate_series(1, 9) n where n = any(:ids) order by n", int),)
    for ids in ([2, 3], [9, 10], [], [7]):
        assert gathered(session, selects, {"ids": ids}) == [[[one] for one in ids if one < 10]]


def test_a_last_column_may_be_left_to_another(session: Session) -> None:
    assert gathered(session, (listed("select 1, cast('2026-01-02' as date)", Kept, but=4),), {}) == [
        [[1, date(2026, 1, 2)]]
    ]
