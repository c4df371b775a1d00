"""What must never be printed: a value that is not there, and a line that is two. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from typing import Any


def says_nothing(value: object) -> bool:
    """None and what is no number: they would be printed as "None" and "nan"."""
    return value is None or (isinstance(value, float) and value != value)


def lacking(given: Mapping[str, Any], needs: Collection[str], may_be_empty: Collection[str]) -> list[str]:
    """The needed keys that are absent, None, no number, or empty where they must not be; in order."""
    found = []
    for key in sorted(needs):
        value = given.get(key)
        empty = isinstance(value, str | list | tuple | dict) and not _something_in(value)
        if key not in given or says_nothing(value) or (empty and key not in may_be_empty):
            found.append(key)
    return found


def one_line(text: str) -> bool:
    """Whether a header may carry it: no break and no other control character in it (RFC 5322, 2.2).

    The format characters of Unicode stay, since joiners belong to names in several scripts; its line and
    paragraph separators do not.
    """
    return not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text)


def _something_in(value: str | list[Any] | tuple[Any, ...] | dict[str, Any]) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return bool(value)
    return bool(value) and not any(says_nothing(one) or (one == "") for one in value)
