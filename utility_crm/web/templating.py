"""Templates of every package, rendered in the user's language.

A template is named by its package: `billing/why.html` lives in `billing/templates/billing/why.html`. There is
one environment a language, its filters and `_()` bound to it, so macros need no context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from typing import Any
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from utility_crm.kit.errors import CareError
from utility_crm.kit.masking import all_shown, shown
from utility_crm.kit.parts import Answer
from utility_crm.kit.said import in_words, is_translatable
from utility_crm.web import charts, formats
from utility_crm.web.compiling import OfOneLanguage, Words, put_in
from utility_crm.web.static_files import static_url
from utility_crm.web.words import catalogue, finished, messages_of, package_folder, said_in

GROUND = (
    "utility_crm.web",
    "utility_crm.people",
    "utility_crm.customers",
    "utility_crm.network",
    "utility_crm.live",
)


QUOTES = {"ru": {ord("“"): "«", ord("”"): "»"}}
"""Templates are written with those of English."""
_VALUE = re.compile(r"%\(\w+\)")


class LanguageEnvironment(Environment):
    """Templates of one language."""

    code_generator_class = OfOneLanguage
    put_in = staticmethod(put_in)
    words_in: Callable[[str], Words]
    """The words of a template, by its name."""
    quotes: Mapping[int, str]
    """Quotation marks as the language has them."""


@cache
def templates_of(packages: tuple[str, ...]) -> Templates:
    """The templates of these packages, compiled once a process."""
    return Templates(packages)


class Templates:
    """The templates and words of the named packages (and of the ground)."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._folders = tuple(package_folder(name) for name in (*GROUND, *packages))
        self.environment = cache(self._environment)
        self.words_of = cache(self._words_of)
        self.template = cache(self._template)

    def render(self, name: str, language: str, context: dict[str, Any]) -> str:
        """The template filled from `context`. A name that is not in the context is an error, not a blank."""
        return self.template(name, language).render(context)

    def _template(self, name: str, language: str) -> Template:
        """With its names in one dictionary, for each rendering begins with a copy of them all."""
        words = self.words_of(name.partition("/")[0], language)
        found = self.environment(language).get_template(name, globals=words)
        found.globals = dict(found.globals)
        return found

    def gettext(self, language: str, message: str) -> str:
        """One message in a language, for Python code."""
        return str(catalogue(language, self._folders).gettext(message))

    def _words_of(self, room: str, language: str) -> dict[str, Any]:
        """`_` and `ngettext` of a room's templates: its own catalogue, then the ground's, before all the
        others', since "From" is a day in one room and a person in another."""
        holds = [one for one in self._folders if one.name == room and (one / "locale").is_dir()]
        own = catalogue(language, tuple(dict.fromkeys((self._folders[0], *holds[:1]))))
        everybodys = catalogue(language, self._folders)

        def single(message: str) -> str:
            found = str(own.gettext(message))
            return found if found != message else str(everybodys.gettext(message))

        def counted(one: str, many: str, num: int, /, **values: object) -> Markup:
            found = str(own.ngettext(one, many, num))
            if found in (one, many):
                found = str(everybodys.ngettext(one, many, num))
            made = Markup(found) % {"num": num, **values}  # noqa: S704 - values are escaped
            return Markup(finished(made, language)) if values else made  # noqa: S704 - values are escaped

        ours = messages_of(self._folders)
        return {"_": _translating(single, language, ours), "ngettext": counted}

    def _environment(self, language: str) -> Environment:
        made = LanguageEnvironment(
            loader=FileSystemLoader([folder / "templates" for folder in self._folders]),
            extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.quotes = QUOTES.get(language, {})
        made.words_in = lambda name: self.words_of(name.partition("/")[0], language)["_"]
        words = catalogue(language, self._folders)
        made.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
        made.globals.update(self.words_of("web", language))
        for name, function in formats.FILTERS.items():
            made.filters[name] = partial(function, language=language)
        made.filters["personal"] = shown
        made.filters["said"] = partial(_said, words.gettext, language)
        made.filters["seeded"] = lambda name: str(words.gettext(name)) if name else ""
        made.tests["translatable"] = is_translatable
        made.filters["told"] = partial(in_words, translated=words.gettext)
        made.globals.update(
            static_url=static_url,
            waterfall=partial(charts.waterfall, language=language),
            bars=charts.bars,
            heatmap=charts.heatmap,
            Answer=Answer,
            all_shown=all_shown,
            once=lambda: uuid4().hex,
            named=lambda names: [(name, words.gettext(name)) for name in names],
        )
        for name in ("marks", "charts", "forms"):  # macros, at hand in every template without an import
            made.globals[name] = made.get_template(f"web/{name}.html").module
        return made


def _translating(words: Callable[[str], str], language: str, ours: frozenset[str]) -> Callable[..., Markup]:
    """`_` as the extension has it, its values escaped, without asking it three times a message: a page has
    two hundred. Messages without values are made once. What is not one of `ours` was typed by somebody (a
    word that came with the house, or one that people gave): it is shown as it is, as text."""

    @lru_cache(maxsize=8192)
    def alone(message: str) -> Markup:
        if message not in ours or _VALUE.search(message):
            return escape(message)
        return Markup(words(message)) % {}  # noqa: S704 - a message of ours

    def translated(message: str, **values: object) -> Markup:
        if not values:
            return alone(message)
        if message not in ours:
            return escape(message)
        return Markup(finished(Markup(words(message)) % values, language))  # noqa: S704 - values are escaped

    return translated


def _said(words: Callable[[str], str], language: str, error: Any) -> str:
    """A refusal's sentence in the language, plain text: it may name what somebody typed."""
    if isinstance(error, CareError):
        return said_in(words, error, language)
    return str(words(error.message))
