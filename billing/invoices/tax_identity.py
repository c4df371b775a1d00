"""Tax numbers: checked by the offices' own check digits, kept as the offices write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.ru import inn

from billing.tables import TaxIdentity
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class TaxNumber:
    """A checked number. kind: `inn` (Russia), or `vat` with the country's letters before it."""

    kind: str
    number: str


def read_tax_number(typed: str) -> TaxNumber:
    """A VAT number of the European Union or of Great Britain with its country's letters, or a Russian INN of
    10 or 12 digits, with a KPP behind a slash if need be. Raises Invalid, saying what is wrong."""
    text = "".join(typed.split()).upper()
    try:
        if text[:1].isdigit():
            number, slash, kpp = text.partition("/")
            if slash and not (len(kpp) == 9 and kpp[:4].isdigit() and kpp[6:].isdigit()):
                raise Invalid("tax_number", f"“{typed}”: a KPP has nine characters.", "tax_number")
            return TaxNumber("inn", inn.validate(number) + slash + kpp)
        if text.startswith("GB"):
            return TaxNumber("vat", "GB" + gb_vat.validate(text))
        return TaxNumber("vat", vat.validate(text))
    except ValidationError as fault:
        message = (
            f"“{typed}” is no tax number: {str(fault).rstrip('.').lower()}. Write a VAT number with its "
            "country, such as GB999999973, or a Russian INN."
        )
        raise Invalid("tax_number", message, "tax_number") from fault


def customer_numbered(session: Session, number: str) -> int:
    """A customer's id by the number it knows. Raises NotFound."""
    found = session.scalar(select(Customer.id).where(Customer.number == number))
    if found is None:
        raise NotFound("customer", mark("There is no customer %(customer)s."), number, customer=number)
    return found


def set_tax_number(session: Session, customer_id: int, typed: str) -> TaxNumber | None:
    """Keep a customer's tax number for the invoices to come; an empty one forgets it. Raises Invalid."""
    if not typed.strip():
        session.execute(delete(TaxIdentity).where(TaxIdentity.customer_id == customer_id))
        return None
    read = read_tax_number(typed)
    values = {"kind": read.kind, "number": read.number}
    session.execute(
        insert(TaxIdentity)
        .values(customer_id=customer_id, **values)
        .on_conflict_do_update(index_elements=["customer_id"], set_=values)
    )
    return read


def shown_tax_number(number: str, _: Callable[..., str]) -> str:
    """As it stands on an invoice; empty for none."""
    if not number:
        return ""
    if number[:1].isdigit():
        own, slash, kpp = number.partition("/")
        return _("INN %(number)s", number=own) + (_(", KPP %(number)s", number=kpp) if slash else "")
    return _("VAT number %(number)s", number=number)
