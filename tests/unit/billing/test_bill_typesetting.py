"""A paper becomes PDF/A-2b: the same bytes each time, every letter inside, whatever a name is made of."""

from __future__ import annotations

import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.documents.paper import (
    Bar,
    Bars,
    From,
    Headline,
    Line,
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
from billing.documents.typesetting import pdf_of, pictures_of
from billing.domain.accounts.tax_summary import tax_summary
from utility_crm.kit.paper import FONTS
from utility_crm.kit.paper.glyphs import LOZENGE, characters_of, settable

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
    account=Summary("Лицевой счёт", (("Долг", "10,00 ₽"),), ("Всего", "1 250,00 ₽"), "Часть просрочена."),
    compared=Bars("В день", (("Этот счёт", 1.5, "1,5"), ("Прошлый", 0.0, "0,0")), "…"),
    payment=Payment("Как оплатить", (("Кому", "Свет", True),), "—", qr_svg("ST00012|Name=Свет"), "Код"),
    detail_heading="Подробно",
    columns=("a", "b", "c", "d", "e"),
    sites=(
        PaperSite("Дом", (("Счётчик", "1"),), (Line("Ночь", "1 окт.", "1", "кВт·ч", "4", "4"),), ("∑", "4")),
    ),
    sections=(Section("Что", "Изменилось"),),
    tax=Tax("НДС", ("a", "b", "c", "d"), (("НДС", "20 %", "1", "2"),), (("Итого", "3"),)),
    months=Bars("Год", (("окт.", 10.0, "10"), ("нояб.", 12.0, "12"))),
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


def test_it_keeps_to_what_pdf_a_2b_forbids_and_asks_for() -> None:
    """ISO 19005-2 as far as can be told without a validator: 6.1.2 header, 6.1.3 trailer, 6.1.7 filters,
    6.2.3 output intent, 6.2.11.4 fonts, 6.5 actions, 6.6 metadata."""
    made = pdf_of(PAPER)
    second = made.split(b"\n", 2)[1]
    assert second.startswith(b"%") and len(second) >= 5 and all(byte > 127 for byte in second[1:5])
    assert made.rstrip().endswith(b"%%EOF") and re.search(rb"/ID\s*\[", made)
    plain = re.sub(rb"stream\r?\n.*?endstream", b"", made, flags=re.DOTALL)
    streams = [zlib.decompress(one) for one in _streams(made) if one[:1] == b"x"]
    every = plain + b"\n".join(one for one in streams if b"/Type" in one)
    for name in (b"Encrypt", b"LZWDecode", b"Crypt", b"JavaScript", b"Launch", b"AA", b"EmbeddedFiles",
                 b"NeedAppearances", b"PostScript", b"Movie", b"Sound"):  # fmt: skip
        assert not re.search(rb"/" + name + rb"\b", every), name
    fonts = re.findall(rb"/Type\s*/FontDescriptor.*?>>", every, re.DOTALL)
    assert len(fonts) >= 3 and all(re.search(rb"/FontFile[23]?\b", one) for one in fonts)
    whole = re.findall(rb"/BaseFont\s*/(\S+)", every)
    assert whole and all(re.fullmatch(rb"[A-Z]{6}\+.*", name) for name in whole)  # subsets, by their prefix
    intent = re.search(rb"/Type\s*/OutputIntent.*?>>", every, re.DOTALL)
    assert intent and b"/GTS_PDFA1" in intent[0] and b"/DestOutputProfile" in intent[0]
    assert any(one[36:40] == b"acsp" and one[16:20] == b"RGB " for one in streams)  # the ICC profile itself
    assert not re.search(rb"/(DeviceCMYK|DeviceN|Separation)\b", every)
    (xmp,) = re.findall(rb"<x:xmpmeta.*</x:xmpmeta>", made, re.DOTALL)
    said = xmp.decode()
    assert PAPER.title in said and "2026-11-03" in said and "<dc:language>" in said


def _streams(pdf: bytes) -> list[bytes]:
    return re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)


def test_the_same_bytes_each_time_in_any_thread() -> None:
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: pdf_of(PAPER), range(6)))
    assert len(set(made)) == 1
    assert pdf_of(replace(PAPER, footer="another")) != made[0]


def test_it_has_two_pages_to_look_at() -> None:
    pages = pictures_of(PAPER, ppi=20)
    assert len(pages) == 2 and all(page.startswith(b"\x89PNG") for page in pages)
    assert len(pictures_of(replace(PAPER, brief=True, months=None), ppi=20)) == 1
    many = replace(PAPER, sites=tuple(replace(PAPER.sites[0], heading=f"Дом {n}") for n in range(30)))
    assert len(pictures_of(many, ppi=20)) > 3


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
