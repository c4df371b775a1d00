"""The words of the screens in other languages: one catalogue a language, merged from every package's `locale/`.

Catalogues are kept as `<package>/locale/<language>/LC_MESSAGES/messages.po` and compiled in memory at start, so
what is read is what is reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = {"en": "English", "ru": "Русский"}
"""What a person may choose; English is the language of the source."""


@cache
def catalogue(language: str, folders: tuple[Path, ...]) -> NullTranslations:
    """The translations of `language` found under `folders` (each holding `locale/`); later folders add to earlier."""
    merged: Translations | None = None
    for folder in folders:
        path = folder / "locale" / language / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            found = _compiled(path, language)
            merged = found if merged is None else merged.merge(found)
    return merged if merged is not None else NullTranslations()


def _compiled(path: Path, language: str) -> Translations:
    with path.open("rb") as opened:
        messages = read_po(opened, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def mark(message: str) -> str:
    """Names a message for the catalogue where it is only shown later: `N_ = mark`."""
    return message


def best_language(wanted: str, fallback: str) -> str:
    """The first language of an Accept-Language header that we speak."""
    for part in wanted.split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return fallback


def translator(language: str, folders: Sequence[Path]) -> Callable[[str], str]:
    """`_` for Python code that must speak a language itself."""
    found: Callable[[str], str] = catalogue(language, tuple(folders)).gettext
    return found
