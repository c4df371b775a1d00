"""The words of the screens in other languages: one catalogue a language, from every package's `locale/`.

Catalogues are kept as `<package>/locale/<language>/LC_MESSAGES/messages.po` and compiled in memory at start:
what runs is what was reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from utility_crm.kit.errors import CareError
from utility_crm.web.formats import day_year
from utility_crm.web.russian import days_in_case

LANGUAGES = {"en": "English", "ru": "Русский"}
"""What a person may choose; English is the language of the source."""


@cache
def catalogue(language: str, folders: tuple[Path, ...]) -> NullTranslations:
    """The translations of `language` under `folders` (each holding `locale/`); later ones add to earlier."""
    merged: Translations | None = None
    for folder in folders:
        path = folder / "locale" / language / "LC_MESSAGES" / "messages.po"
        if path.is_file():
            found = _compiled(path, language)
            merged = found if merged is None else merged.merge(found)
    return merged if merged is not None else NullTranslations()


@cache
def messages_of(folders: tuple[Path, ...]) -> frozenset[str]:
    """Every message that is ours: what some catalogue under `folders` knows, whatever its language."""
    found: set[str] = set()
    for folder in folders:
        for path in sorted(folder.glob("locale/*/LC_MESSAGES/messages.po")):
            ids = (one.id for one in _read(path, path.parts[-3]) if one.id)
            found.update(name for one in ids for name in ((one,) if isinstance(one, str) else one))
    return frozenset(found)


@cache
def _read(path: Path, language: str) -> Catalog:
    with path.open("rb") as opened:
        return read_po(opened, locale=language)


def _compiled(path: Path, language: str) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, _read(path, language))
    compiled.seek(0)
    return Translations(compiled)


_DOUBLED = re.compile(r"(?<!\.)\.\.(?!\.)")


def one_stop(words: str) -> str:
    """A sentence that ends in a shortened word, as months are in Russian, has one full stop, not two."""
    return _DOUBLED.sub(".", words) if ".." in words else words


def finished(words: str, language: str) -> str:
    """A sentence that was put together of a message and its values, as the language has it."""
    return one_stop(days_in_case(words) if language == "ru" else words)


def mark(message: str) -> str:
    """Names a message for the catalogue where it is only shown later."""
    return message


def best_language(wanted: str, fallback: str) -> str:
    """The first language of an Accept-Language header that we speak."""
    for part in wanted.split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return fallback


@cache
def translator(language: str, package: str = "utility_crm.web") -> Callable[..., str]:
    """`_` for Python code that speaks a language itself: the words of `package`, then those of the ground.

    Named values are put in as templates do it: `_("%(days)s days late", days=3)`.
    """
    folders = dict.fromkeys((package_folder("utility_crm.web"), speaking_folder(package)))
    found = catalogue(language, tuple(folders))

    def translated(message: str, **values: object) -> str:
        words = str(found.gettext(message))
        return finished(words % values, language) if values else words

    return translated


def said_in(words: Callable[[str], str], error: CareError, language: str) -> str:
    """An error's sentence, translated by `words`, its days as they are written in the language."""
    told = {
        name: day_year(value, language) if isinstance(value, date) else value
        for name, value in error.values.items()
    }
    sentence = words(error.words)
    return finished(sentence % told, language) if told else sentence


@cache
def counting(language: str, package: str = "utility_crm.web") -> Callable[..., str]:
    """`ngettext` for Python code: `ngettext("one day", "%(num)s days", count)`, put in as templates do it."""
    folders = dict.fromkeys((package_folder("utility_crm.web"), speaking_folder(package)))
    found = catalogue(language, tuple(folders))

    def translated(one: str, many: str, count: int, **values: object) -> str:
        return finished(str(found.ngettext(one, many, count)) % {"num": count, **values}, language)

    return translated


def speaking_folder(package: str) -> Path:
    """The folder of a package, or of the nearest above it with words: `tickets.care` speaks as `tickets`."""
    folder = package_folder(package)
    while not (folder / "locale").is_dir() and "." in package:
        package = package.rpartition(".")[0]
        folder = package_folder(package)
    return folder


@cache
def package_folder(package: str) -> Path:
    """The folder of an installed package."""
    found = import_module(package).__file__
    if found is None:
        raise ModuleNotFoundError(f"{package} has no folder of its own")
    return Path(found).parent
