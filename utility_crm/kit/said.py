"""What a job says of its run, so that whoever looks reads it in their own language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

_BETWEEN: Final = "; "


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words with blanks, as a catalogue knows them, and what goes into them."""

    words: str
    values: dict[str, str | int]

    def __str__(self) -> str:
        return self.words % self.values if self.values else self.words


class Said(str):
    """One or more phrases: it is their English text, and keeps what another language is put together from."""

    phrases: tuple[Phrase, ...]

    def __new__(cls, *phrases: Phrase) -> Said:
        made = super().__new__(cls, _BETWEEN.join(str(phrase) for phrase in phrases))
        made.phrases = phrases
        return made


def said(words: str, **values: str | int | date) -> Said:
    """A phrase of a marked message and its values: `said(mark("%(sent)s sent"), sent=3)`.

    A day is kept as ISO 8601 writes it: what was done on it is looked up by it.
    """
    kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return Said(Phrase(words, kept))


def together(some: Iterable[Said]) -> Said:
    """Several, one after the other."""
    return Said(*(phrase for one in some for phrase in one.phrases))


def stored(result: str, longest: int) -> str:
    """The text that is kept of a result: its phrases as JSON, or the words of one that is mere text, or that
    would be longer than `longest` characters."""
    if isinstance(result, Said):
        kept = json.dumps([[one.words, one.values] for one in result.phrases], ensure_ascii=False)
        if len(kept) <= longest:
            return kept
    return result[:longest]


def in_words(kept: str, translated: Callable[[str], str] = str) -> str:
    """What `stored` kept, put together in the language of `translated`; mere text stays as it is."""
    phrases = _phrases(kept)
    if phrases is None:
        return kept
    return _BETWEEN.join(str(_translated(one, translated)) for one in phrases)


def is_translatable(kept: str) -> bool:
    """Whether another language can put it together."""
    return _phrases(kept) is not None


def _translated(phrase: Phrase, translated: Callable[[str], str]) -> Phrase:
    """Values that are marked words themselves are translated, too; names and numbers stay."""
    values = {
        name: translated(value) if isinstance(value, str) and value else value
        for name, value in phrase.values.items()
    }
    return Phrase(translated(phrase.words), values)


def _phrases(kept: str) -> tuple[Phrase, ...] | None:
    """None where it is mere text, which may look like JSON, too."""
    if not kept.startswith("[["):
        return None
    try:
        found = tuple(Phrase(words, dict(values)) for words, values in json.loads(kept))
        for one in found:
            str(one)
    except (ValueError, TypeError, KeyError):
        return None
    return found
