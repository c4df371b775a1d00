"""Texts with the customer's own figures: what can be read, what cannot, and that nothing is run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.tickets.domain.macros import blanks_of, in_language, mistakes_in, written

TEXT = "Your balance is {{ balance }}.\nYour last bill: {{last bill}}; {{ balance }} again."


def test_figures_are_put_in() -> None:
    made = written(TEXT, {"balance": "£12.00", "last bill": "£40.00 of 3 Nov"})
    assert made.text == "Your balance is £12.00.\nYour last bill: £40.00 of 3 Nov; £12.00 again."
    assert not made.missing and blanks_of(TEXT) == ("balance", "last bill")


def test_a_figure_that_is_not_known_is_named_and_shown() -> None:
    made = written(TEXT, {"balance": "£12.00", "last bill": None})
    assert made.missing == ("last bill",) and "‹last bill›" in made.text


def test_mistakes_have_a_place() -> None:
    found = mistakes_in("Dear {{ name }},\n  {{ balance }} {{ a.b }} {% x %}", {"balance"})
    assert [(one.line, one.column, one.name) for one in found] == [
        (1, 6, "name"), (2, 17, ""), (2, 24, ""), (2, 27, ""), (2, 32, ""),
    ]  # fmt: skip
    assert found[0].text == "{{ name }}" and found[1].text == "{{ a.b }} {% x %}"


@given(st.text(), st.text())
def test_a_figure_is_mere_text(figure: str, rest: str) -> None:
    """Whatever stands in a figure is put in as it is, and never read again."""
    rest = rest.replace("{", "").replace("}", "")
    made = written("{{ balance }}" + rest, {"balance": figure})
    assert made.text == (figure or "‹balance›") + rest


@given(st.text(alphabet="{} %#ab\n", max_size=40))
def test_whatever_is_not_refused_leaves_no_brace(text: str) -> None:
    if not mistakes_in(text, {"a", "b", "ab", "a b", "b a", "a a", "b b"}):
        left = written(text, dict.fromkeys(blanks_of(text), "x")).text
        assert "{{" not in left and "{%" not in left


def test_the_language_falls_back() -> None:
    texts = {"en": "Hello", "ru": "Здравствуйте"}
    assert in_language(texts, "ru") == ("ru", "Здравствуйте")
    assert in_language(texts, "de") == ("en", "Hello")
    assert in_language({"fr": "Bonjour", "en": ""}, "de") == ("fr", "Bonjour")
    assert in_language({}, "de") is None
