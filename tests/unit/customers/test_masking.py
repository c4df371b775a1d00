"""What stands in texts of a masked page, and short forms of values: told apart by, and proving nothing."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.customers.proving import is_right, unseen
from utility_crm.kit.masking import (
    FEWEST,
    HIDDEN,
    KINDS,
    Known,
    Personal,
    Reader,
    covered_text,
    reading,
    short_code,
    short_email,
    short_phone,
    shown,
)
from utility_crm.kit.parts import Proof

words = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=9)
values = st.lists(words, min_size=1, max_size=4).map(" ".join).filter(lambda value: len(value) >= FEWEST)
MARGARET, BAKERY = 10, 11
PROOFS = {"phone": "phone", "email": "text", "postcode": "text", "meter": "text", "bank": "text"}
"""Kinds that are asked of callers, and how what they say is compared."""


def reader(*verified: int, may: tuple[str, ...] = (), every: bool = False) -> Reader:
    return Reader(lambda one: one in may, lambda: verified, every=every)


@given(secret=values, before=words, after=words, gap=st.sampled_from([" ", "  ", "\n", "\u00a0"]))
def test_no_covered_text_holds_what_is_known(secret: str, before: str, after: str, gap: str) -> None:
    written = f"{before} {gap.join(secret.split())} {after}"
    told = Known.of([secret]).covered(written)
    assert HIDDEN in told and " ".join(secret.split()) not in " ".join(told.split()).replace(HIDDEN, "|")


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
    covered = Known.of([], [on_file]).covered(f"rang from {written} at 14:42")
    assert covered.endswith("••• at 14:42") and "418" not in covered


@pytest.mark.parametrize("on_file", ["ZX/77-Q94", "zx77q94", "ZX 77 Q94"])
@pytest.mark.parametrize("written", ["ZX/77-Q94", "zx77q94", "ZX 77.Q94", "zx-77-q94"])
def test_the_number_of_a_thing_of_theirs_is_found_however_it_is_parted(on_file: str, written: str) -> None:
    known = Known.of([], [], [on_file])
    assert known.covered(f"stands under the stairs, {written}.") == f"stands under the stairs, {HIDDEN}."
    longer = f"part X{written} and {written}8 of it"
    assert known.covered(longer) == longer, "a part of another word is not it"


@given(
    code=st.from_regex(re.compile(r"[A-Z]{1,3}\d{3,9}[A-Z]?"), fullmatch=True),
    gap=st.sampled_from(["", " ", "-", "/", "."]),
)
def test_no_covered_text_holds_a_code(code: str, gap: str) -> None:
    told = Known.of([], [], [code]).covered(f"meter {gap.join(code.lower())}, read at noon")
    assert told == f"meter {HIDDEN}, read at noon"


def test_a_code_of_few_figures_is_in_every_amount_and_left_alone() -> None:
    text = "paid £48.21 and read 48213 in 2026"
    assert Known.of([], [], ["4821", "48213", "2026", "", "-"]).covered(text) == text


@pytest.mark.parametrize(
    "proof",
    ["07700 900418", "+44 115 496 0605", "m.ashdown@mail.example", "E18-412345", "KB4 2TN", "4100227815",
     "1EMH0012345678", "LGZ 12345678", "GB29 NWBK 6016 1331 9268 19", "DE89370400440532013000"],
)  # fmt: skip
def test_what_looks_like_a_proof_is_covered_whoever_it_is_of(proof: str) -> None:
    assert covered_text(f"they wrote {proof}, then rang") == f"they wrote {HIDDEN}, then rang"


@pytest.mark.parametrize("beginning", ["m.ashdown@mail.ex", "m.ashdown@mail", "m.ashdown@"])
def test_an_address_is_covered_where_its_end_is_cut_off(beginning: str) -> None:
    assert covered_text(f"write to {beginning}") == f"write to {HIDDEN}"
    assert covered_text("Ring @priya, 3 @ £5") == "Ring @priya, 3 @ £5"


@pytest.mark.parametrize(
    "text",
    [
        "read 48213 on the dial on 2026-11-17 at 14:42", "moved in on 17.11.2026, tariff NIGHT 8",
        "paid £1,031.52 and £45", "see T-10432", "from 09:00 to 12:30, 3 people", "customer C100001", "",
    ],
)  # fmt: skip
def test_what_an_agent_needs_of_a_note_stays(text: str) -> None:
    assert covered_text(text) == text


@given(digits=st.text("0123456789", min_size=8, max_size=12), plus=st.booleans())
def test_a_phone_is_masked_and_told_apart_by_its_end(digits: str, plus: bool) -> None:
    masked = short_phone(("+" if plus else "") + digits)
    assert digits not in "".join(filter(str.isdigit, masked)) and masked.endswith(digits[-3:])


@pytest.mark.parametrize(
    ("kind", "value", "short"),
    [
        ("phone", "07700 900418", "07•• ••• 418"),
        ("phone", "+44 115 496 0605", "+44•• ••• 605"),
        ("phone", "4711", "•••"),
        ("email", "m.ashdown@mail.example", "m•••@•••"),
        ("email", "nobody", "•••"),
        ("meter", "E18-412345", "••• 345"),
        ("meter", "E-1234", "•••"),
        ("post", "14 Tannery Row", "•••"),
        ("bank", "9268", "•••"),
        ("name", "Margaret Ashdown", "Margaret Ashdown"),
        ("account", "4100227815", "4100227815"),
    ],
)
def test_short_forms(kind: str, value: str, short: str) -> None:
    with reading(reader()):
        assert shown(value, kind, MARGARET) == short
    assert shown(value, kind, MARGARET) == short, "without a reader, too"


def test_of_an_address_the_town_stays() -> None:
    assert shown("14 Tannery Row", "address", MARGARET, "Kelder Bridge") == "•••, Kelder Bridge"
    assert shown("", "address", MARGARET) == ""


codes = st.from_regex(re.compile(r"[A-Z]\d{2}-\d{6}|[A-Z0-9]{2,12}"), fullmatch=True)


@given(value=st.one_of(codes, st.emails(), st.from_regex(r"\+?\d{7,12}", fullmatch=True)))
@pytest.mark.parametrize("kind", PROOFS)
def test_a_short_form_never_is_the_answer(kind: str, value: str) -> None:
    """What is shown before verification, typed in as the answer, is not right."""
    with reading(reader()):
        told = shown(value, kind, MARGARET)
    how = PROOFS[kind]
    proof = Proof("one", "one", (value,), "phone" if how == "phone" else "text")
    assert not is_right(proof, told)


def test_who_sees_what_is_the_table() -> None:
    for kind, rule in KINDS.items():
        if rule.short is None:
            continue
        value = "E18-412345" if kind == "meter" else "07700 900418"
        also = (rule.also,) if rule.also else ()
        with reading(reader()):
            assert shown(value, kind, MARGARET) != value, kind
        with reading(reader(MARGARET, may=also)):
            assert shown(value, kind, MARGARET) == value, kind
            assert shown(value, kind, BAKERY) != value, "another's caller is another's"
        with reading(reader(MARGARET)):
            assert (shown(value, kind, MARGARET) == value) is not bool(rule.also), kind
        with reading(reader(may=(rule.work or "personal.work",))):
            assert (shown(value, kind, MARGARET) == value) is bool(rule.work), kind


def test_whom_they_verified_is_asked_once_and_a_page_that_knows_does_not_ask() -> None:
    asked: list[int] = []
    one = Reader(lambda _: False, lambda: asked.append(1) or {MARGARET})  # type: ignore[func-returns-value]
    one.told(BAKERY, True, lambda: Known.of(["Mill Lane"]))
    assert one.verified(BAKERY) and not asked
    assert one.verified(MARGARET) and not one.verified(99) and one.verified(BAKERY) and len(asked) == 1


def test_a_value_knows_what_it_is_and_is_escaped() -> None:
    value = Personal("<b>14 Mill & Sons Lane</b>", "address", MARGARET)
    with reading(reader(MARGARET)):
        assert value.__html__() == "&lt;b&gt;14 Mill &amp; Sons Lane&lt;/b&gt;"
        assert unescape(value.__html__()) == str(value) == value.value
    assert str(value) == HIDDEN and bool(value) and not Personal("", "address", MARGARET)


def test_nobodys_is_as_it_came() -> None:
    assert shown("m.ashdown@mail.example", "text", None) == "m.ashdown@mail.example"


def test_what_stands_on_the_screen_is_not_an_answer() -> None:
    proof = Proof("phone", "telephone", ("07700 900418", "07700 900999"), "phone")
    assert unseen(proof, ["+44 7700 900418"]).answers == ("07700 900999",)
    assert unseen(proof, []).answers == proof.answers


@given(value=st.text(max_size=14))
def test_a_short_code_shows_three_signs_at_most(value: str) -> None:
    told = [letter for letter in short_code(value) if letter.isalnum()]
    assert len(told) in (0, 3) and 2 * len(told) < max(1, sum(letter.isalnum() for letter in value))


def test_an_address_without_a_sign_is_no_address() -> None:
    assert short_email("x@y") == "x•••@•••"


@given(page=st.text(max_size=200))
def test_a_text_without_signs_is_as_it_was(page: str) -> None:
    assert Known().covered(page) == page
    if not any(letter.isdigit() or letter == "@" for letter in page):
        assert covered_text(page) == page


def test_the_page_about_masking_says_what_the_table_does() -> None:
    page = (Path(__file__).parents[3] / "docs" / "masking.md").read_text()
    rows: dict[str, list[str]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5:
            rows[cells[0]] = cells
    samples = {"phone": "07700 900418", "email": "m.ashdown@mail.example", "meter": "E18-412345"}
    for kind, rule in KINDS.items():
        _, before, after, work, why = rows[kind]
        if kind == "text":
            continue
        told = shown(samples.get(kind, "14 Tannery Row"), kind, MARGARET)
        assert before == ("shown" if rule.short is None else f"`{told}`"), kind
        assert after == (f"`{rule.also}`" if rule.also else "shown"), kind
        assert work == ("shown" if rule.short is None else f"`{rule.work}`" if rule.work else ""), kind
        assert why == rule.why, kind
    assert set(rows) - {"kind", "---"} == set(KINDS)
