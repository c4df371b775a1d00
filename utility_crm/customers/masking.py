"""What is not shown before the caller is known, and how a page is made to hold none of it. Pure.

Masked is who and where somebody is beyond their name and town, and what is medical: telephones, e-mail and
postal addresses, details of a medical need, names of those who speak for them. Whatever a package writes on
the page is searched for these values as well, since a note, a notice or an outage may repeat them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from markupsafe import escape as escaped_by_templates

HIDDEN = "•••"
FEWEST = 4
"""Shorter values are hidden where they stand, but not searched for: they would be found in every word."""
_BLANKS = r"(?:\s|&nbsp;)+"
_BETWEEN = r"(?:\s|&nbsp;|<[^<>]*>)+"
_TAG = re.compile(r"<[^<>]*>")
_TAIL = 9
"""The last digits of a telephone: the same with its country's code, with a nought, or with neither."""
_LEAST_TAIL = 8
_BETWEEN_DIGITS = r"(?:[\s().\-/]|&nbsp;){0,3}"
_WORD = re.compile(r"\S+")


def masked_phone(value: str) -> str:
    """07700 900418 -> 07•• ••• 418: enough to tell two of theirs apart."""
    digits = [letter for letter in value if letter.isdigit()]
    if len(digits) < 8:
        return HIDDEN
    plus = "+" if value.strip().startswith("+") else ""
    return f"{plus}{''.join(digits[:2])}•• {HIDDEN} {''.join(digits[-3:])}"


def masked_email(value: str) -> str:
    """m.ashdown@mail.example -> m•••@•••"""
    return f"{value.strip()[:1]}{HIDDEN}@{HIDDEN}" if "@" in value else HIDDEN


def masked_way(kind: str, value: str) -> str:
    """A way to reach somebody, by its kind."""
    return {"phone": masked_phone, "email": masked_email}.get(kind, lambda _value: HIDDEN)(value)


def masked_place(city: str) -> str:
    """A postal address: the town alone."""
    return ", ".join(filter(None, (HIDDEN, city)))


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a page may not hold. words: as they are written; each is found whole, in any case, however its
    words are marked up or parted. tails: the last digits of telephones, found however they are grouped."""

    words: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()

    @staticmethod
    def of(values: Iterable[str], phones: Iterable[str] = ()) -> Secrets:
        """values: any text; phones: also found with other blanks and signs between their digits, and with or
        without the code of their country."""
        tails: dict[str, None] = {}
        found = {" ".join(value.split()) for value in values}
        for phone in phones:
            digits = "".join(letter for letter in phone if letter.isdigit())
            found |= {" ".join(phone.split()), digits, digits.lstrip("0")}
            if len(digits) >= _LEAST_TAIL:
                tails[digits[-_TAIL:]] = None
        words = sorted((one for one in found if len(one) >= FEWEST), key=len, reverse=True)
        return Secrets(tuple(words), tuple(tails))

    def covered(self, page: str) -> str:
        """The page without them: HTML whose tags are as they were."""
        lower = page.lower()
        for one in self.words:
            for written in dict.fromkeys((one, escape(one), str(escaped_by_templates(one)))):
                if all(part in lower for part in written.lower().split()):
                    page = _pattern(written, _BLANKS).sub(HIDDEN, page)  # in attributes, too
                    page = _pattern(written, _BETWEEN).sub(_hide, page)
                    lower = page.lower()
        for tail in self.tails:
            page = re.sub(_BETWEEN_DIGITS.join(re.escape(digit) for digit in tail), HIDDEN, page)
        return page


def _pattern(words: str, between: str) -> re.Pattern[str]:
    parts = between.join(re.escape(part) for part in _WORD.findall(words))
    return re.compile(parts, re.IGNORECASE)


def _hide(found: re.Match[str]) -> str:
    return HIDDEN + "".join(_TAG.findall(found[0]))
