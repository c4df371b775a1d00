"""How many parts a text message takes (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.sms import BASIC, EXTENDED, sms_length


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        # a letter of two places is not cut: 152 and the first half would be 153
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
    ],
)
def test_lengths(text: str, alphabet: str, units: int, parts: int) -> None:
    found = sms_length(text)
    assert (found.alphabet, found.units, found.parts) == (alphabet, units, parts)


def test_the_alphabet_has_its_127_letters_and_the_letter_outside_is_named() -> None:
    assert len(BASIC) == 127 and len(EXTENDED) == 10  # the 128th place is the escape to the extension
    assert sms_length("£5\xa0due “now”").outside == ("\xa0", "“", "”")


@given(st.text(max_size=400))
def test_every_letter_has_its_place(text: str) -> None:
    found = sms_length(text)
    room = 153 if found.alphabet == "GSM-7" else 67
    assert len(text) <= found.units <= 2 * len(text)
    assert found.parts <= 1 or (found.parts - 1) * (room - 1) < found.units <= found.parts * room
