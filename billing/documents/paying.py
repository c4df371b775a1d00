"""How to pay a bill: where to, how much, with which words, and the code a banking app reads."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import segno
from stdnum import iban

from billing.documents.owed import Standing
from billing.documents.paper import Payment
from billing.documents.reading import Addressee
from billing.domain.accounts.payment_codes import epc_code, gost_code, is_russian_account, plain_code
from billing.domain.accounts.tax_summary import TaxSummary
from billing.invoices.supplier import SupplierIdentity
from billing.queries.bills import BillRow
from billing.wording import say
from utility_crm.web.formats import day_full, money


def payment_of(
    bill: BillRow,
    supplier: SupplierIdentity,
    to: Addressee,
    tax: TaxSummary,
    standing: Standing,
    language: str,
) -> Payment:
    """The part of the paper that says how to pay; where nothing is to be paid, what happens instead."""
    _ = say(language)
    asked = standing.asked_minor(bill.total_minor)
    due = day_full(bill.due_on, language)
    amount = money(asked if bill.total_minor > 0 else abs(bill.total_minor), bill.currency, language)
    if bill.total_minor > 0 and not asked:
        held = money(-standing.before_minor, bill.currency, language)
        note = _("It is paid from the %(amount)s that was in your favour.", amount=held)
        return Payment(_("There is nothing to pay"), (), note, "", "")
    if bill.total_minor <= 0:
        heading = _("There is nothing to pay") if not bill.total_minor else _("This is in your favour")
        note = _("%(amount)s is set against what you owe next, or paid back if you ask.", amount=amount)
        return Payment(heading, (), note if bill.total_minor else _("Thank you."), "", "")
    if to.method == "direct_debit":
        note = _(
            "We collect %(amount)s from your account on %(day)s or the next working day.",
            amount=amount,
            day=due,
        )
        rows = ((_("Reference"), bill.number, True),)
        heading = _("We collect this bill") if standing.late_minor > 0 else _("You need do nothing")
        return Payment(heading, rows, note, "", "")
    code, scan = payment_code(replace(bill, total_minor=asked), supplier, to, tax, language)
    late = money(asked + standing.late_minor, bill.currency, language) if standing.late_minor > 0 else ""
    bank = ", ".join(filter(None, (supplier.bank, supplier.bank_code)))
    rows_all = (
        (_("To"), supplier.name, False),
        (_account_word(supplier.account, language), shown_account(supplier.account), True),
        (_("Bank"), bank, False),
        (_("Bank’s account"), supplier.bank_account, False),
        (_("Amount"), amount, True),
        (_("With what is late"), late, False),
        (_("Reference"), bill.number, True),
        (_("By"), due, False),
    )
    note = _("Please give the reference, so that your payment finds your account.")
    if supplier.simulated:
        note = _("Simulated: the account is an example, please pay nothing.")
    return Payment(_("How to pay"), tuple(row for row in rows_all if row[1]), note, qr_svg(code), scan)


def payment_code(
    bill: BillRow, supplier: SupplierIdentity, to: Addressee, tax: TaxSummary, language: str
) -> tuple[str, str]:
    """(what the code holds, words beneath it): EPC069-12 for euro and an IBAN, GOST R 56042-2014 for roubles
    and a Russian account, else the same in plain words."""
    _ = say(language)
    account = supplier.account.replace(" ", "")
    if bill.currency == "EUR" and iban.is_valid(account):
        code = epc_code(
            name=supplier.name,
            iban=account,
            bic=supplier.bank_code,
            amount_minor=bill.total_minor,
            text=bill.number,
        )
        return code, _("Scan with your banking app")
    if bill.currency == "RUB" and is_russian_account(account, supplier.bank_code):
        inn, _slash, kpp = supplier.tax_number.partition("/")
        purpose = _("Bill %(number)s", number=bill.number)
        taxed = _("VAT included, %(amount)s", amount=money(tax.tax_minor, bill.currency, language))
        code = gost_code(
            name=supplier.name,
            account=account,
            bank=supplier.bank,
            bik=supplier.bank_code,
            correspondent=supplier.bank_account,
            more={
                "Sum": str(bill.total_minor),
                "Purpose": f"{purpose}. {taxed}" if tax.tax_minor else purpose,
                "PayeeINN": inn.strip(),
                "KPP": kpp.strip(),
                "PersAcc": to.account,
            },
        )
        return code, _("Scan with your banking app")
    amount = money(bill.total_minor, bill.currency, "en")
    code = plain_code(name=supplier.name, account=account, amount=amount, reference=bill.number)
    return code, _("Scan to copy the details")


def qr_svg(text: str) -> str:
    """A QR code (ISO/IEC 18004, correction level M, as EPC069-12 asks) as SVG, without a border."""
    made = BytesIO()
    segno.make_qr(text, error="m", encoding="utf-8", boost_error=False).save(
        made, kind="svg", border=0, xmldecl=False, nl=False, dark="#16201f"
    )
    return made.getvalue().decode()


def shown_account(account: str) -> str:
    """An IBAN in groups of four, any other account as it is."""
    return str(iban.format(account)) if iban.is_valid(account) else account


def _account_word(account: str, language: str) -> str:
    _ = say(language)
    return _("IBAN") if iban.is_valid(account) else _("Account")
