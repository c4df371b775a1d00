"""Words as they are compared: of a search, of a misspelt word and what it may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rapidfuzz.distance import OSA

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-яё]", re.I)
CYRILLIC, LATIN = "абвгдежзийклмнопрстуфхцчшщъыьэюя", "abvgdejziyklmnoprstufhc4w56789xq"
"""A sign of ASCII for each letter, by which misspelt words are compared."""
MOST_WORDS, LONGEST_WORD = 12, 40
CONFIGS = {"en": "english", "ru": "russian"}
"""The text search configuration of PostgreSQL for each language."""


def words_of(text: str) -> list[str]:
    """The words of a search, each once: lower case, е for ё, so many at most."""
    found = (word.lower().replace("ё", "е")[:LONGEST_WORD] for word in _WORD.findall(text[:1000]))
    return list(dict.fromkeys(found))[:MOST_WORDS]


def language_of(text: str, otherwise: str) -> str:
    """The language that somebody typed in, by its letters; `otherwise` where it has none of either."""
    if _CYRILLIC.search(text):
        return "ru"
    return "en" if re.search(r"[a-z]", text, re.I) else otherwise


def meant(typed: str, known: Iterable[str]) -> str | None:
    """The known word that is nearest to a misspelt one, if it is near enough: a slip (a letter wrong, left
    out, too many or two in each other's place: optimal string alignment) in up to five letters, two in more.
    Numbers and words of one or two letters mean themselves."""
    if len(typed) < 3 or typed.isdigit():
        return None
    most = 1 if len(typed) <= 5 else 2
    near = ((OSA.distance(typed, word, score_cutoff=most), word) for word in known)
    return min((one for one in near if one[0] <= most), default=(0, None))[1]
