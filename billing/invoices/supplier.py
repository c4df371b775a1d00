"""Who the invoices are from: the legal entity that the settings name, kept as it was when it issued them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.tables import Supplier
from utility_crm.kit.installation import SIMULATED, noted
from utility_crm.kit.settings import Settings, settings


@dataclass(frozen=True, slots=True)
class SupplierIdentity:
    """What an invoice says of who sent it. address: lines. account: an IBAN, or a Russian account of 20
    digits, whose `bank_code` is the BIK and `bank_account` the bank's own account. simulated: its papers say
    that they are no real bills."""

    name: str
    address: tuple[str, ...] = ()
    tax_number: str = ""
    registration: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    account: str = ""
    bank: str = ""
    bank_code: str = ""
    bank_account: str = ""
    simulated: bool = False

    @classmethod
    def read(cls, stored: dict[str, Any]) -> SupplierIdentity:
        """From a row of `suppliers`; fields of a later version are passed over."""
        known = {field.name for field in fields(cls)}
        values = {key: value for key, value in stored.items() if key in known}
        return cls(**{**values, "address": tuple(values.get("address", ()))})


# Numbers of the standards' own examples: the tax office's and the IBAN registry's.
_SIMULATED = {
    "address": ("1 Moor Gate", "Northmoor"),
    "tax_number": "GB999999973",
    "phone": "+44 113 496 0100",
    "email": "care@northmoor.example",
    "website": "northmoor.example",
    "account": "GB29NWBK60161331926819",
    "bank_code": "NWBKGB2L",
    "bank": "Simulated Bank",
}


def supplier_identity(known: Settings | None = None, *, simulated: bool = False) -> SupplierIdentity:
    """The supplier as the settings name it; a simulated utility without an identity has the standards'
    examples."""
    known = known or settings()
    simulated = simulated or known.demo
    named = {
        "address": tuple(line.strip() for line in known.supplier_address.split("|") if line.strip()),
        "tax_number": known.supplier_tax_number,
        "registration": known.supplier_registration,
        "phone": known.supplier_phone,
        "email": known.supplier_email,
        "website": known.supplier_website,
        "account": known.supplier_account,
        "bank": known.supplier_bank,
        "bank_code": known.supplier_bank_code,
        "bank_account": known.supplier_bank_account,
    }
    name = known.supplier_name or known.utility_name
    if simulated and not any(named.values()):
        return SupplierIdentity(name=name, **_SIMULATED, simulated=True)  # type: ignore[arg-type]
    return SupplierIdentity(name=name, **named, simulated=simulated)  # type: ignore[arg-type]


def supplier_id(session: Session) -> int:
    """The row of the supplier as it names itself now, made where there is none yet."""
    simulated = noted(session, SIMULATED) is not None
    document = json.loads(json.dumps(asdict(supplier_identity(simulated=simulated))))
    fingerprint = sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    known = select(Supplier.id).where(Supplier.fingerprint == fingerprint)
    found = session.scalar(known)
    if found is None:
        # Somebody else may be making the same row: theirs is waited for, and seen after it.
        session.execute(
            insert(Supplier)
            .values(fingerprint=fingerprint, identity=document)
            .on_conflict_do_nothing(index_elements=["fingerprint"])
        )
        found = session.scalar(known)
    assert found is not None
    return found
