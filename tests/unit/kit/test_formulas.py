"""Cells of a file that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.formulas import cells, guarded, unguarded

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
TEXTS = st.text(alphabet="'=+-@\t\r\n＝＋－＠ab1.")


@given(TEXTS)
def test_a_guarded_text_is_no_formula_and_comes_back(text: str) -> None:
    assert not guarded(text).startswith(STARTS)
    assert unguarded(guarded(text)) == text


@given(st.text().filter(lambda text: not text.lstrip("'").startswith(STARTS)))
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text == unguarded(text)


@given(
    st.lists(st.one_of(TEXTS, st.integers(), st.none(), st.decimals(allow_nan=False, allow_infinity=False)))
)
def test_of_a_row_only_plain_numbers_begin_with_a_sign(row: list[object]) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["row", *cells(row)])
    [read] = csv.reader(io.StringIO(out.getvalue(), newline=""))
    for before, cell in zip(row, read[1:], strict=True):
        if cell.startswith(STARTS):
            float(cell)
        if not isinstance(before, str):
            assert cell == ("" if before is None else str(before))
        else:
            assert cell == before or unguarded(cell) == before


@given(st.integers(), st.integers(0, 10**6), st.sampled_from(["", "+", "-"]))
def test_a_plain_number_with_its_sign_stays_one(whole: int, part: int, sign: str) -> None:
    for text in (f"{sign}{abs(whole)}", f"{sign}{abs(whole)}.{part}"):
        assert cells([text]) == [text]


@given(st.floats(-1e12, 1e12))
def test_a_figure_stays_a_number_however_small_or_large(figure: float) -> None:
    text = f"{figure:.6g}"  # "-3e-05", "-1.23457e+06"
    assert cells([text]) == [text]


def test_what_begins_like_a_number_and_goes_on_is_none() -> None:
    evil = [
        "-1+cmd|' /C calc'!A0",
        "+1-1",
        "-1.",
        "--1",
        "+44 20 7946 0123",
        "-１",
        "-1\n",
        "-1e+5!A0",
        "-1e",
    ]
    assert cells(evil) == [f"'{cell}" for cell in evil]
