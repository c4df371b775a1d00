"""Templates compiled for a language: words put in beforehand, and text escaped as Jinja does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from utility_crm.web.compiling import OfOneLanguage, put_in

WORDS = {"Date": "Datum", "<b>": "<i>", "It's": "Es ist"}


class Ours(Environment):
    code_generator_class = OfOneLanguage
    put_in = staticmethod(put_in)
    quotes: Mapping[int, str] = {ord("“"): "«", ord("”"): "»"}

    def words_in(self, name: str) -> Any:
        return lambda message: Markup(
            f"{WORDS.get(message, message)}{'!' if name.startswith('loud') else ''}"
        )


def rendered(source: str, name: str = "a.html", **context: Any) -> str:
    made = Ours(loader=DictLoader({name: source}), autoescape=True, undefined=StrictUndefined)
    made.globals["_"] = lambda message, **values: Markup(message) % values
    return made.get_template(name).render(context)


def test_words_are_put_in_as_the_template_is_compiled() -> None:
    made = Ours(autoescape=True)
    assert "'<p>Datum</p>'" in made.compile("<p>{{ _('Date') }}</p>", name="a.html", raw=True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ _('Date') }}", "Datum"),
        ("{{ _('Date') ~ '<' }}", "Datum&lt;"),
        ("{{ _('Date')|lower }}", "datum"),
        ("{{ _('Date') if yes else _('It\\'s') }}", "Datum"),
        ("{% macro m(x) %}<u>{{ x }}</u>{% endmacro %}{{ m(_('Date')) }}", "<u>Datum</u>"),
        ("{% set x = _('<b>') %}{{ x }}", "<i>"),
        ("{{ _('%(n)s days', n='<3') }}", "&lt;3 days"),
        ("{{ _(yes) }}", "1"),
    ],
)
def test_a_message_is_said_wherever_it_stands(source: str, said: str) -> None:
    assert rendered(source, yes="1") == said


def test_words_are_those_of_the_template_itself() -> None:
    assert rendered("{{ _('Date') }}", "loud/a.html") == "Datum!"


def test_a_name_nobody_gave_is_still_an_error() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ nobody }}")


values = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none(), st.text().map(Markup))


@given(values)
def test_what_is_put_in_is_what_markupsafe_says(value: Any) -> None:
    assert str(put_in(value)) == str(escape(value))
    assert rendered("{{ value }}", value=value) == str(escape(value))


def test_quotation_marks_of_a_template_are_the_languages_and_those_of_values_stay() -> None:
    assert rendered("<p>“{{ said }}”</p>", said="as “they” said") == "<p>«as “they” said»</p>"
