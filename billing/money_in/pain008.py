"""A collection as a message for the bank, ISO 20022 pain.008.001.08: made again, it is the same bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from lxml import etree
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from utility_crm.kit.errors import NotFound

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
"""The SEPA guidelines' Latin character set; other letters lose their marks or become a dot."""


@dataclass(frozen=True, slots=True)
class Debit:
    """One direct debit of a message."""

    end_to_end_id: str
    amount_minor: int
    sequence: str
    mandate: str
    signed_on: date
    name: str
    iban: str
    bic: str
    bill: str


@dataclass(frozen=True, slots=True)
class Message:
    """A collection as it was made."""

    message_id: str
    created_at: datetime
    collect_on: date
    currency: str
    name: str
    iban: str
    bic: str
    creditor_id: str


def message_named(session: Session, message_id: str) -> bytes:
    """The collection's XML. Raises NotFound."""
    row = session.execute(
        text(
            "select message_id, created_at, collect_on, currency, creditor_name, creditor_iban, "
            "creditor_bic, creditor_id, id from collections where message_id = :name"
        ),
        {"name": message_id},
    ).one_or_none()
    if row is None:
        raise NotFound("collection", f"There is no collection {message_id}.", message_id)
    debits = session.execute(
        text(
            "select d.end_to_end_id, d.amount_minor, d.sequence, m.reference, m.signed_on, m.name, "
            "m.iban, m.bic, b.number from direct_debits d join mandates m on m.id = d.mandate_id "
            "join bills b on b.id = d.bill_id where d.collection_id = :id order by d.id"
        ),
        {"id": row.id},
    )
    return message_xml(Message(*row[:8]), [Debit(*debit) for debit in debits])


def message_xml(message: Message, debits: Sequence[Debit]) -> bytes:
    """Group header, and a payment information block for first and for recurrent debits."""
    decimals = default_decimals(message.currency)
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    initiation = etree.SubElement(root, f"{{{NAMESPACE}}}CstmrDrctDbtInitn")
    header = etree.SubElement(initiation, f"{{{NAMESPACE}}}GrpHdr")
    _put(header, "MsgId", message.message_id)
    _put(header, "CreDtTm", message.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _put(header, "NbOfTxs", str(len(debits)))
    _put(header, "CtrlSum", amount_text(sum(one.amount_minor for one in debits), decimals))
    _put(header, "InitgPty/Nm", _latin(message.name, 70))
    for sequence in ("FRST", "RCUR"):
        mine = [one for one in debits if one.sequence == sequence]
        if mine:
            _block(initiation, message, sequence, mine, decimals)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _block(
    initiation: etree._Element, message: Message, sequence: str, debits: Sequence[Debit], decimals: int
) -> None:
    block = etree.SubElement(initiation, f"{{{NAMESPACE}}}PmtInf")
    _put(block, "PmtInfId", f"{message.message_id}-{sequence}")
    _put(block, "PmtMtd", "DD")
    _put(block, "BtchBookg", "true")
    _put(block, "NbOfTxs", str(len(debits)))
    _put(block, "CtrlSum", amount_text(sum(one.amount_minor for one in debits), decimals))
    kind = etree.SubElement(block, f"{{{NAMESPACE}}}PmtTpInf")
    if message.currency == "EUR":
        _put(kind, "SvcLvl/Cd", "SEPA")
        _put(kind, "LclInstrm/Cd", "CORE")
    _put(kind, "SeqTp", sequence)
    _put(block, "ReqdColltnDt", message.collect_on.isoformat())
    _put(block, "Cdtr/Nm", _latin(message.name, 70))
    _put(block, "CdtrAcct/Id/IBAN", message.iban)
    _agent(block, "CdtrAgt", message.bic)
    _put(block, "ChrgBr", "SLEV")
    other = _put(block, "CdtrSchmeId/Id/PrvtId/Othr/Id", message.creditor_id).getparent()
    assert other is not None
    _put(other, "SchmeNm/Prtry", "SEPA")
    for debit in debits:
        _debit(block, debit, message.currency, decimals)


def _debit(block: etree._Element, debit: Debit, currency: str, decimals: int) -> None:
    one = etree.SubElement(block, f"{{{NAMESPACE}}}DrctDbtTxInf")
    _put(one, "PmtId/EndToEndId", debit.end_to_end_id)
    _put(one, "InstdAmt", amount_text(debit.amount_minor, decimals)).set("Ccy", currency)
    related = _put(one, "DrctDbtTx/MndtRltdInf/MndtId", debit.mandate).getparent()
    assert related is not None
    _put(related, "DtOfSgntr", debit.signed_on.isoformat())
    _agent(one, "DbtrAgt", debit.bic)
    _put(one, "Dbtr/Nm", _latin(debit.name, 70))
    _put(one, "DbtrAcct/Id/IBAN", debit.iban)
    _put(one, "RmtInf/Ustrd", _latin(debit.bill, 140))


def _agent(parent: etree._Element, name: str, bic: str) -> None:
    if bic:
        _put(parent, f"{name}/FinInstnId/BICFI", bic)
    else:
        _put(parent, f"{name}/FinInstnId/Othr/Id", "NOTPROVIDED")


def _put(parent: etree._Element, path: str, words: str) -> etree._Element:
    """A new element below, by its path, holding a text."""
    for name in path.split("/"):
        parent = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    parent.text = words
    return parent


def _latin(words: str, longest: int) -> str:
    plain = unicodedata.normalize("NFKD", words)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NOT_ALLOWED.sub(".", plain)[:longest].strip() or "."
