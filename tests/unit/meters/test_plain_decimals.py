"""Decimals read as machine words are what a careful reading of their text makes them."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meters.domain.decimals import LIMIT, MISSING, micro_of
from meters.domain.plain_decimals import LEAD, plain_micro


def parsed(texts: list[str], exponent: int) -> list[int | None]:
    """Each text's millionths, None where it is not plain."""
    data = b"\xff" * LEAD + ",".join([*texts, ""]).encode()
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord(","))
    starts = np.concatenate(([LEAD], ends[:-1] + 1))
    micro, sound = plain_micro(data, starts, ends, exponent)
    return [value if fine else None for value, fine in zip(micro.tolist(), sound.tolist(), strict=True)]


digits = st.text("0123456789", max_size=17)
numbers = st.builds("{}.{}".format, digits, digits)
odd = st.text("0123456789.+-eE _\t\x00/:;!^pPxX\x7f", max_size=20)
exponents = st.sampled_from([-3, 0, 3])


@settings(max_examples=400)
@given(st.lists(st.one_of(numbers, digits, odd), min_size=1, max_size=30), exponents)
@example(["", ".", "..", "1.", ".1", "1..2", "12345678.", "1234567.8", "123456789", "12345678.9"], 0)
@example(["0.0000005", "0.0000015", "0.00000051", "1.0779999", "12345678.12345650"], 0)
@example(["0.0005", "0.0015", "1234.5675"], -3)
@example(["999999999", "1000000000", "999999999.999999", "999999.9999999999"], 3)
def test_every_text_that_is_taken_is_what_the_careful_way_makes_it(texts: list[str], exponent: int) -> None:
    for text, micro in zip(texts, parsed(texts, exponent), strict=True):
        if micro is not None:
            assert micro == micro_of(text, exponent), text


@given(st.lists(st.one_of(numbers, digits), min_size=1, max_size=30), exponents)
def test_every_plain_decimal_of_sixteen_characters_is_taken(texts: list[str], exponent: int) -> None:
    for text, micro in zip(texts, parsed(texts, exponent), strict=True):
        careful = micro_of(text, exponent)
        usual = isinstance(careful, int) and careful != MISSING and careful < LIMIT * 10**5
        if len(text) <= 16 and usual:
            assert micro == careful, text


def test_what_looks_like_a_point_in_some_bits_is_none() -> None:
    every = [chr(code) for code in range(1, 128) if chr(code) not in "0123456789.,"]
    assert parsed([f"1{char}2" for char in every], 0) == [None] * len(every)
    assert parsed([f"123456{char}8901234" for char in every], 0) == [None] * len(every)


def test_more_than_are_worked_on_at_once() -> None:
    texts = [f"{number / 1000}" for number in range(40_000)]
    assert parsed(texts, 0) == [number * 1000 for number in range(40_000)]


def test_a_unit_no_meter_has_is_left_to_the_careful_way() -> None:
    assert parsed(["1.5"], -9) == parsed(["1.5"], 20) == [None]
