"""A masked page holds none of what is masked, however it was written there."""

from __future__ import annotations

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape as escaped_by_templates

from utility_crm.customers.masking import (
    FEWEST,
    Secrets,
    masked_email,
    masked_phone,
    masked_place,
    masked_way,
)

words = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=9)
values = st.lists(words, min_size=1, max_size=4).map(" ".join).filter(lambda value: len(value) >= FEWEST)
between = st.sampled_from([" ", "  ", "\n", "</b> ", " <i>", "&nbsp;"])


@given(
    secret=values, before=st.text(max_size=30), after=st.text(max_size=30), gap=between, upper=st.booleans()
)
def test_no_covered_page_contains_the_value(
    secret: str, before: str, after: str, gap: str, upper: bool
) -> None:
    written = gap.join(secret.split())
    page = f"<p>{escape(before)}{written}{escape(after)}</p><a title='{secret}'>{secret}</a>"
    covered = Secrets.of([secret]).covered(page)
    assert secret not in covered and secret not in unescape(covered)
    assert written not in covered
    assert covered.count("<p>") == page.count("<p>") and covered.count("</a>") == page.count("</a>")


@given(
    secret=st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=4, max_size=30
    )
)
def test_what_must_be_escaped_is_found_as_it_is_written(secret: str) -> None:
    covered = Secrets.of([secret]).covered(f"<td>{escape(secret)}</td>")
    assert escape(secret) not in covered.removeprefix("<td>").removesuffix("</td>")


@pytest.mark.parametrize(
    "secret", ["12 St John's Road", 'flat "B", 3 Mill & Sons Lane', "o'brien@mail.example"]
)
def test_what_a_template_escapes_is_found_as_it_writes_it(secret: str) -> None:
    written = str(escaped_by_templates(secret))
    covered = Secrets.of([secret]).covered(f"<td>{written}</td><td title='{written}'></td>")
    assert written not in covered and secret not in unescape(covered)


@pytest.mark.parametrize("on_file", ["07700 900418", "+44 7700 900418", "+447700900418", "07700900418"])
@pytest.mark.parametrize(
    "written",
    [
        "07700 900418",
        "+44 7700 900418",
        "+447700900418",
        "07700-900-418",
        "(07700) 900418",
        "077 00 90 04 18",
    ],
)
def test_a_phone_is_found_however_it_is_grouped_with_or_without_its_country(
    on_file: str, written: str
) -> None:
    covered = Secrets.of([], [on_file]).covered(f"<p>rang from {written} at 14:42</p>")
    assert covered.endswith("••• at 14:42</p>") and "418" not in covered


@given(digits=st.text("0123456789", min_size=8, max_size=12), plus=st.booleans())
def test_a_phone_is_masked_and_told_apart_by_its_end(digits: str, plus: bool) -> None:
    value = ("+" if plus else "") + digits
    masked = masked_phone(value)
    assert digits not in "".join(filter(str.isdigit, masked)) and masked.endswith(digits[-3:])
    page = f"<a href='tel:{value}'>{value[:5]} {value[5:]}</a> {digits}"
    assert digits not in Secrets.of([], [value]).covered(page)


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "07700 900418", "07•• ••• 418"),
        ("phone", "+44 115 496 0605", "+44•• ••• 605"),
        ("phone", "4711", "•••"),
        ("email", "m.ashdown@mail.example", "m•••@•••"),
        ("email", "nobody", "•••"),
        ("post", "14 Tannery Row", "•••"),
    ],
)
def test_ways_to_reach_somebody(kind: str, value: str, shown: str) -> None:
    assert masked_way(kind, value) == shown


def test_of_an_address_the_town_stays() -> None:
    assert masked_place("Kelder Bridge") == "•••, Kelder Bridge" and masked_place("") == "•••"
    assert masked_email("x@y") == "x•••@•••"


@given(page=st.text(max_size=200))
def test_a_page_without_secrets_is_as_it_was(page: str) -> None:
    assert Secrets().covered(page) == page
    assert Secrets.of(["", "a b", "xyz"]).covered(page) == page or "a b" in page
