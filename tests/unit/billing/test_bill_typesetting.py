"""A paper becomes PDF/A-2b: the same bytes each time, every letter inside, whatever a name is made of."""

from __future__ import annotations

import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.documents.glyphs import LOZENGE, characters_of, settable
from billing.documents.paper import (
    Bar,
    Compared,
    Comparison,
    From,
    Headline,
    Line,
    Months,
    Paper,
    PaperSite,
    Payment,
    Section,
    Summary,
    Tax,
    To,
    Usage,
)
from billing.documents.paying import qr_svg
from billing.documents.typesetting import FONTS, pdf_of, pictures_of
from billing.domain.accounts.tax_summary import tax_summary

PAPER = Paper(
    language="ru",
    number="2026-10-000017",
    title="Счёт 2026-10-000017",
    issued=(2026, 11, 3),
    supplier=From("Свет", "Свет, Москва", ("Москва",), ("ИНН 7707083893",), ("+7 495 000 00 00",)),
    addressee=To("Щукина Ёлка", ("улица Мира, 5",), ""),
    facts=(("Номер счёта", "2026-10-000017"),),
    headline=Headline("Ваш счёт", "31 день", "К оплате", "1 240,00 ₽", "до 24 ноября 2026"),
    usage=Usage(
        "День",
        12.0,
        ((5.0, "5"), (10.0, "10")),
        tuple(Bar(float(n), n == 3, n == 9, None if n % 2 else 2.0, str(n)) for n in range(10)),
        (("day", "в день"), ("estimated", "оценка"), ("before", "год назад")),
    ),
    summary=Summary("За что", (("Энергия", "1 000,00 ₽"),), ("Итого", "1 240,00 ₽")),
    compared=Comparison("В день", (Compared("Этот счёт", 1.5, "1,5"), Compared("Прошлый", 0.0, "0,0")), "…"),
    payment=Payment("Как оплатить", (("Кому", "Свет", True),), "—", qr_svg("ST00012|Name=Свет"), "Код"),
    detail_heading="Подробно",
    columns=("a", "b", "c", "d", "e"),
    sites=(
        PaperSite("Дом", (("Счётчик", "1"),), (Line("Ночь", "1 окт.", "1", "кВт·ч", "4", "4"),), ("∑", "4")),
    ),
    sections=(Section("Что", "Изменилось"),),
    tax=Tax("НДС", ("a", "b", "c", "d"), (("НДС", "20 %", "1", "2"),), (("Итого", "3"),)),
    months=Months("Год", (("окт.", 10.0, "10"), ("нояб.", 12.0, "12"))),
    footer="",
)


def letters_inside(pdf: bytes) -> set[str]:
    """What the PDF's fonts say their glyphs mean (ToUnicode)."""
    found: set[str] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            words = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"beginbfchar" in words:
            for code in re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]+)>", words):
                found |= set(bytes.fromhex(code.decode()).decode("utf-16-be"))
    return found


def test_it_says_and_is_pdf_a() -> None:
    made = pdf_of(PAPER)
    assert made.startswith(b"%PDF-1.7")
    for claim in (b"<pdfaid:part>2</pdfaid:part>", b"<pdfaid:conformance>B</pdfaid:conformance>"):
        assert claim in made
    assert b"/OutputIntents" in made and b"/Encrypt" not in made
    assert made.count(b"/FontDescriptor") and made.count(b"/FontFile") >= 3
    assert b"2026-11-03" in made and b"/Lang(ru)" in made.replace(b" ", b"")
    assert {"Щ", "ё", "₽", "·"} <= letters_inside(made)


def test_the_same_bytes_each_time_in_any_thread() -> None:
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: pdf_of(PAPER), range(6)))
    assert len(set(made)) == 1
    assert pdf_of(replace(PAPER, footer="another")) != made[0]


def test_it_has_two_pages_to_look_at() -> None:
    pages = pictures_of(PAPER, ppi=20)
    assert len(pages) == 2 and all(page.startswith(b"\x89PNG") for page in pages)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_any_name_can_be_billed(name: str) -> None:
    paper = replace(PAPER, addressee=To(name, (name,), name), sites=(), months=None, usage=None)
    assert pdf_of(paper).startswith(b"%PDF")


def test_what_no_font_has_is_seen_to_be_missing() -> None:
    known = characters_of(FONTS)
    assert set("Łódź Ёлка №5 £€₽−·’“”«»") <= known and "李" not in known
    assert settable("e\u0301l\u200b\n李\x00", known) == f"él {LOZENGE}"


@dataclass(frozen=True)
class _Line:
    charge: str
    label: str
    quantity_micro: int
    price_micro: int
    amount_minor: int


amounts = st.integers(-(10**12), 10**12)
lines = st.builds(
    _Line,
    st.sampled_from(["energy", "fixed", "tax"]),
    st.sampled_from(["VAT", "Levy"]),
    amounts,
    st.sampled_from([50_000, 200_000]),
    amounts,
)


@given(st.lists(lines))
def test_net_and_tax_by_rate_are_the_total(found: list[_Line]) -> None:
    summary = tax_summary(found)
    assert summary.gross_minor == sum(line.amount_minor for line in found)
    assert summary.tax_minor == sum(row.tax_minor for row in summary.rows)
    for row in summary.rows:
        mine = [
            line
            for line in found
            if (line.charge, line.label, line.price_micro) == ("tax", row.label, row.rate_ppm)
        ]
        assert row.base_micro == sum(line.quantity_micro for line in mine)
        assert row.tax_minor == sum(line.amount_minor for line in mine)
    assert len({(row.label, row.rate_ppm) for row in summary.rows}) == len(summary.rows)
