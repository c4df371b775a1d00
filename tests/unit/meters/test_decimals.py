"""Text to millionths: exact, half to even, and never a float's opinion."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meters.domain.decimals import LIMIT, MISSING, REGISTER_LIMIT, decimal_text, micro_of, read_micro


def pencil(text: str, exponent: int) -> int:
    """The rule, written the slow way."""
    shifted = Decimal(text).scaleb(6 + exponent)
    return int(shifted.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


digits = st.text("0123456789", min_size=1, max_size=8)
numbers = st.builds(lambda whole, part: f"{whole}.{part}", digits, digits)
halves = st.builds(lambda whole, part: f"{whole}.{part:06d}5", st.integers(0, 10**8), st.integers(0, 999_999))


@given(st.lists(st.one_of(numbers, halves, digits), min_size=1, max_size=20), st.sampled_from([-3, 0, 3]))
@example(["0.0000005", "0.0000015", "1.0779999", "123456789.1234565"], 0)
@example(["0.0005", "1234.5675"], -3)
def test_many_texts_round_as_a_decimal_does(texts: list[str], exponent: int) -> None:
    texts = [text for text in texts if Decimal(text).scaleb(exponent) < LIMIT] or ["0"]
    micro, faults = read_micro(texts, exponent)
    assert faults == []
    assert micro.tolist() == [pencil(text, exponent) for text in texts]


@given(st.one_of(numbers, halves), st.integers(0, 3))
def test_blanks_around_a_number_and_an_exponent_change_nothing(text: str, places: int) -> None:
    assert micro_of(f" {text}\t") == micro_of(text)
    if Decimal(text).scaleb(places) < LIMIT:
        assert micro_of(f"{text}e{places}") == pencil(text, places)


@pytest.mark.parametrize("text", ["", "  "])
def test_a_blank_is_missing(text: str) -> None:
    micro, faults = read_micro(["1", text, "2"])
    assert micro.tolist() == [1_000_000, MISSING, 2_000_000]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc", "not_a_number"),
        ("Null", "not_a_number"),
        ("nan", "not_a_number"),
        ("inf", "not_a_number"),
        ("1_000", "not_a_number"),
        ("1,5", "not_a_number"),
        ("١٢", "not_a_number"),
        ("0x10", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("-0.001", "negative_value"),
        ("-1e-9", "negative_value"),
        ("1000000000", "value_too_large"),
        ("1e300", "value_too_large"),
        ("1e999", "value_too_large"),
    ],
)
def test_what_is_no_reading_is_named_and_spoils_no_neighbour(text: str, code: str) -> None:
    micro, faults = read_micro(["0.5", text, "0.25"])
    assert micro.tolist() == [500_000, MISSING, 250_000]
    assert [(fault.index, fault.code) for fault in faults] == [(1, code)]
    assert faults[0].message.endswith(".")


def test_minus_nought_is_nought() -> None:
    assert read_micro(["-0", "-0.000"])[0].tolist() == [0, 0]


@given(st.integers(-(10**30), 10**30), st.sampled_from([3, 6, 9]))
def test_the_text_of_an_amount_is_the_amount(amount: int, decimals: int) -> None:
    text = decimal_text(amount, decimals)
    # a context of 28 digits must not round the comparison
    assert int(text.replace(".", "") + "0" * (decimals - len(text.partition(".")[2]))) == amount
    assert not text.endswith(".") and "e" not in text.lower()


@given(st.one_of(numbers, halves), st.sampled_from([-3, 0, 3]))
def test_what_was_counted_between_two_reads_may_be_signed(text: str, exponent: int) -> None:
    assert micro_of(f"-{text}", exponent, signed=True, limit=10**15) == pencil(f"-{text}", exponent)


def test_a_register_shows_more_than_an_interval_counts() -> None:
    assert micro_of(str(LIMIT)) == "value_too_large"
    assert micro_of(str(LIMIT), limit=REGISTER_LIMIT) == LIMIT * 10**6
    assert micro_of(str(REGISTER_LIMIT), limit=REGISTER_LIMIT) == "value_too_large"
    assert micro_of(f"-{REGISTER_LIMIT}", signed=True, limit=REGISTER_LIMIT) == "value_too_large"
    assert micro_of("-1", limit=REGISTER_LIMIT) == "negative_value"


signs = st.sampled_from(["", "+", "-"])
mantissas = st.one_of(
    numbers, digits, halves, st.sampled_from(["0", "0.0", ".5", "5.", "0" * 55 + "7", "9" * 61])
)
powers = st.one_of(
    st.just(""),
    st.integers(-(10**25), 10**25).map(lambda power: f"e{power}"),
    st.integers(-1100, 1100).map(lambda power: f"E{power:+022}"),
    st.integers(-30, 30).map(lambda power: f"e{power}"),
)
written = st.builds(lambda *parts: "".join(parts), signs, mantissas, powers)


@given(st.lists(written, min_size=1, max_size=4), st.sampled_from([-3, 0, 3]))
@example(["0e5000"], 0)
@example(["1e0000000000000000005"], 0)
@example(["-1e-400"], 0)
@example(["1e-99999999999999999999"], 0)
@example(["0" * 61], 0)
@example([" " * 70 + "1"], 0)
def test_many_texts_are_judged_as_each_by_itself(texts: list[str], exponent: int) -> None:
    micro, faults = read_micro(texts, exponent)
    codes = {fault.index: fault.code for fault in faults}
    together = [codes.get(place, figure) for place, figure in enumerate(micro.tolist())]
    assert together == [micro_of(text, exponent) for text in texts]


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("0e5000", 0),
        ("1e0000000000000000005", 10**11),
        ("1e-99999999999999999999", 0),
        ("-1e-99999999999999999999", "negative_value"),
        ("1e99999999999999999999", "value_too_large"),
        ("0" * 59 + "7", 7_000_000),
        ("0" * 60 + "7", "not_a_number"),
        ("9" * 1_000_001, "not_a_number"),
    ],
)
def test_a_number_may_be_written_at_some_length_only(text: str, figure: int | str) -> None:
    assert micro_of(text) == figure


@pytest.mark.parametrize(("code", "text"), [("not_a_number", "x" * 5000), ("value_too_large", "9" * 60)])
def test_a_message_repeats_the_beginning_of_a_long_text(code: str, text: str) -> None:
    (fault,) = read_micro([text])[1]
    assert fault.code == code and text[:40] in fault.message and text[:41] not in fault.message
    assert len(fault.message) < 130
