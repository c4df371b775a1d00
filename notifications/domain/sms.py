"""How long a text message is: in letters of the GSM alphabet or of Unicode, and in how many parts it goes.
Pure.

3GPP TS 23.038, 6.2.1: the default alphabet has seven bits a letter, and an extension in which a letter takes
two places. One letter outside both, and the whole message is UCS-2. TS 23.040, 9.2.3.24.1: a message has 160
places of seven bits or 70 of sixteen; one of several parts has 153 or 67, since each part says which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class SmsLength:
    """`units`: places it takes, of seven or sixteen bits; `parts`: messages the customer's network counts;
    `outside`: the letters that the GSM alphabet lacks, in order."""

    alphabet: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int
    outside: tuple[str, ...] = ()


def sms_length(text: str) -> SmsLength:
    """The length of a text message. A letter of two places is never cut in two, and takes a place more where
    it would be."""
    outside = tuple(dict.fromkeys(letter for letter in text if letter not in BASIC | EXTENDED))
    if outside:
        return _counted("UCS-2", [2 if ord(letter) > 0xFFFF else 1 for letter in text], 70, 67, outside)
    return _counted("GSM-7", [2 if letter in EXTENDED else 1 for letter in text], 160, 153, ())


def _counted(
    alphabet: Literal["GSM-7", "UCS-2"], places: list[int], alone: int, each: int, outside: tuple[str, ...]
) -> SmsLength:
    units = sum(places)
    if units <= alone:
        return SmsLength(alphabet, units, 1 if units else 0, outside)
    parts, room = 1, each
    for place in places:
        if place > room:
            parts, room = parts + 1, each
        room -= place
    return SmsLength(alphabet, units, parts, outside)
