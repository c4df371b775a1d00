"""Payment codes by the letter of their standards, and numbers checked by the offices' own digits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import segno
from segno import helpers

from billing.documents.owed import Standing
from billing.documents.paying import payment_code, payment_of, qr_svg, shown_account
from billing.documents.reading import Addressee
from billing.domain.accounts.payment_codes import epc_code, gost_code, is_russian_account, plain_code
from billing.domain.accounts.tax_summary import TaxRow, TaxSummary
from billing.invoices.supplier import SupplierIdentity
from billing.invoices.tax_identity import read_tax_number, shown_tax_number
from billing.queries.bills import BillRow
from utility_crm.kit.errors import Invalid

IBAN = "DE89370400440532013000"  # the IBAN registry's example


def test_an_epc_code_is_what_the_standard_says() -> None:
    code = epc_code(
        name="Stadtwerke", iban=IBAN, bic="COBADEFFXXX", amount_minor=12469, text="2026-10-000017"
    )
    assert code.split("\n") == [
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Stadtwerke", IBAN, "EUR124.69", "", "", "2026-10-000017",
    ]  # fmt: skip


def test_it_is_what_another_implementation_makes() -> None:
    ours = epc_code(name="Stadtwerke Köln", iban=IBAN, bic="", amount_minor=5, text="2026-10-000017")
    theirs = helpers.make_epc_qr(
        name="Stadtwerke Köln", iban=IBAN, amount="0.05", text="2026-10-000017", encoding="utf-8"
    )
    assert qr_modules(ours) == theirs.matrix


def qr_modules(text: str) -> object:
    return segno.make_qr(text, error="m", encoding="utf-8", boost_error=False).matrix


@pytest.mark.parametrize("cents", [0, -1, 100_000_000_000])
def test_what_cannot_be_transferred_is_refused(cents: int) -> None:
    with pytest.raises(ValueError, match="EPC"):
        epc_code(name="x", iban=IBAN, bic="", amount_minor=cents, text="")


def test_a_rouble_code_has_its_five_fields_first() -> None:
    code = gost_code(
        name="ООО «Свет | Тепло»",
        account="40702810138250123017",
        bank="ОАО «БАНК»",
        bik="044525225",
        correspondent="30101810400000000225",
        more={"Sum": "12469", "Purpose": "Счёт 2026-10-000017", "PayeeINN": ""},
    )
    assert code == (
        "ST00012|Name=ООО «Свет / Тепло»|PersonalAcc=40702810138250123017|BankName=ОАО «БАНК»|BIC=044525225|"
        "CorrespAcc=30101810400000000225|Sum=12469|Purpose=Счёт 2026-10-000017"
    )
    with pytest.raises(ValueError, match="20 digits"):
        gost_code(name="x", account="1", bank="", bik="044525225", correspondent="", more={})


def test_a_russian_accounts_check_digit_belongs_to_its_bank() -> None:
    assert is_russian_account("40702810138250123017", "044525225")
    assert not is_russian_account("40702810138250123018", "044525225")
    assert not is_russian_account("40702810138250123017", "044525226")
    assert not is_russian_account("4070281013825012301", "044525225")


def test_where_no_standard_speaks_it_is_words() -> None:
    assert plain_code(name="A\nB", account="", amount="£1.00", reference="7") == "A B\n£1.00\n7"
    assert qr_svg("words").startswith("<svg") and "href" not in qr_svg("words")
    assert shown_account(IBAN) == "DE89 3704 0044 0532 0130 00"
    assert shown_account("12345678") == "12345678"


@pytest.mark.parametrize(
    ("typed", "kind", "number"),
    [
        ("gb 999 9999 73", "vat", "GB999999973"),
        ("DE136695976", "vat", "DE136695976"),
        ("7707083893", "inn", "7707083893"),
        ("7707083893/773601001", "inn", "7707083893/773601001"),
    ],
)
def test_tax_numbers_are_kept_as_the_offices_write_them(typed: str, kind: str, number: str) -> None:
    read = read_tax_number(typed)
    assert (read.kind, read.number) == (kind, number)
    assert number.partition("/")[0] in shown_tax_number(number, lambda words, **values: words % values)


@pytest.mark.parametrize(
    "typed", ["GB999999974", "DE136695977", "7707083894", "hello", "7707083893/1", "XX1"]
)
def test_a_wrong_check_digit_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        read_tax_number(typed)


def bill_in(currency: str, total_minor: int = 12469) -> BillRow:
    days = date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 3), date(2026, 11, 24)
    known_at = datetime(2026, 11, 3, tzinfo=UTC)
    return BillRow(
        1, "2026-10-000017", 1, *days, currency, total_minor, total_minor, 0, 0, 0, "issued", known_at
    )


TO = Addressee("Анна Пример", "C1", "4100", "ru", (), "", "transfer")
NO_TAX = TaxSummary(12469, 0, ())


def test_euros_go_to_an_iban_by_epc() -> None:
    supplier = SupplierIdentity("Stadtwerke", account="DE89 3704 0044 0532 0130 00", bank_code="COBADEFFXXX")
    code, scan = payment_code(bill_in("EUR"), supplier, TO, NO_TAX, "en")
    assert code.startswith("BCD\n002\n1\nSCT\nCOBADEFFXXX\nStadtwerke\nDE89370400440532013000\nEUR124.69\n")
    assert scan == "Scan with your banking app"
    payment = payment_of(bill_in("EUR"), supplier, TO, NO_TAX, Standing(), "en")
    assert ("IBAN", "DE89 3704 0044 0532 0130 00", True) in payment.rows and payment.qr


def test_roubles_go_to_a_russian_account_by_gost() -> None:
    supplier = SupplierIdentity(
        "ООО «Свет»",
        tax_number="7707083893/773601001",
        account="40702810138250123017",
        bank="ОАО «БАНК»",
        bank_code="044525225",
        bank_account="30101810400000000225",
    )
    tax = TaxSummary(10391, 2078, (TaxRow("НДС", 200_000, 103_910_000, 2078),))
    code, _scan = payment_code(bill_in("RUB"), supplier, TO, tax, "ru")
    assert code.startswith("ST00012|Name=ООО «Свет»|PersonalAcc=40702810138250123017|BankName=ОАО «БАНК»|")
    fields = dict(part.split("=", 1) for part in code.split("|")[1:])
    assert (fields["Sum"], fields["PersAcc"]) == ("12469", "4100")
    assert (fields["PayeeINN"], fields["KPP"]) == ("7707083893", "773601001")
    assert fields["Purpose"].startswith("Счёт 2026-10-000017. В том числе НДС 20,78")
    rows = dict(row[:2] for row in payment_of(bill_in("RUB"), supplier, TO, tax, Standing(), "ru").rows)
    assert rows["Корр. счёт"] == "30101810400000000225"


@pytest.mark.parametrize(
    ("currency", "account", "bank_code"),
    [("GBP", IBAN, "COBADEFFXXX"), ("EUR", "12345678", "20-00-00"), ("RUB", IBAN, "044525225")],
)
def test_what_no_standard_covers_is_plain_words(currency: str, account: str, bank_code: str) -> None:
    supplier = SupplierIdentity("Light", account=account, bank_code=bank_code)
    code, scan = payment_code(bill_in(currency), supplier, TO, NO_TAX, "en")
    assert code.split("\n")[:2] == ["Light", account] and code.endswith("\n2026-10-000017")
    assert scan == "Scan to copy the details"
