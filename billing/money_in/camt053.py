"""Bank statements: ISO 20022 camt.053.001 in its versions 02 to 08 and later ones of the same shape.

Elements by the standard's names: Document/BkToCstmrStmt/Stmt/Ntry, transactions in NtryDtls/TxDtls. Version
02 has the status as text and names in Dbtr/Nm; from 08 on they are in Sts/Cd and Dbtr/Pty/Nm, and a
transaction has its own Amt. Read by local name, so both are found.
"""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256

from billing.money_in.entries import BankEntry, ReadFile, minor_of
from billing.money_in.xml_file import Element, children, line_of, message_of, text_of
from utility_crm.kit.errors import Invalid

FORMAT = "camt.053"
_NAMESPACE = re.compile(r"camt\.053\.001\.(\d\d)")
_NOT_GIVEN = {"", "NOTPROVIDED", "NONREF", "NONE"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read_statement(root: Element) -> ReadFile:
    """All statements of the file. Raises Invalid, with line and reason: it is taken whole or not at all."""
    message = message_of(root)
    if not _NAMESPACE.fullmatch(message):
        words = f"This is {message or 'XML without a namespace'}, not a bank statement camt.053."
        raise Invalid("not_camt053", words, line_of(root))
    statements = list(children(root, "BkToCstmrStmt/Stmt"))
    if not statements:
        raise Invalid("no_statement", "The message holds no statement.", line_of(root))
    entries: list[BankEntry] = []
    ignored = 0
    for statement in statements:
        booked: list[Element] = []
        for entry in children(statement, "Ntry"):
            # An entry of nothing moves nothing: banks write such for what they only tell.
            if text_of(entry, "Sts/Cd", "Sts") == "BOOK" and _amount(entry, line_of(entry))[0]:
                booked.append(entry)
            else:
                ignored += 1
        _check_sum(statement, booked)
        for place, entry in enumerate(booked):
            entries += _movements(statement, entry, place)
    return ReadFile(FORMAT, tuple(entries), ignored)


def _movements(statement: Element, entry: Element, place: int) -> list[BankEntry]:
    """The transactions of an entry, or the entry itself where it has one or none."""
    where = line_of(entry)
    amount, currency = _amount(entry, where)
    signed = amount if _is_credit(entry, where) else -amount
    details = list(children(entry, "NtryDtls/TxDtls"))
    booked_on = _day(entry, where)
    whole = text_of(entry, "AcctSvcrRef")
    if len(details) <= 1:
        reference = whole or _made_reference(statement, entry, place)
        inner = details[0] if details else entry
        return [_movement(entry, inner, reference, booked_on, signed, currency)]
    found = []
    for number, detail in enumerate(details, 1):
        part, part_currency = _part(detail, line_of(detail))
        if part_currency != currency:
            raise Invalid(
                "currency", f"A transaction in {part_currency} of an entry in {currency}.", line_of(detail)
            )
        credit = text_of(detail, "CdtDbtInd")
        sign = (1 if credit == "CRDT" else -1) if credit else (1 if signed > 0 else -1)
        own = text_of(detail, "Refs/AcctSvcrRef")
        reference = (
            own if own and own != whole else f"{whole or _made_reference(statement, entry, place)}/{number}"
        )
        found.append(_movement(entry, detail, reference, booked_on, sign * part, currency))
    if sum(one.amount_minor for one in found) != signed:
        words = "The transactions of an entry do not add up to its amount."
        raise Invalid("does_not_add_up", words, where)
    return found


def _movement(
    entry: Element, inner: Element, reference: str, booked_on: date, signed: int, currency: str
) -> BankEntry:
    unstructured = [one.text or "" for one in children(inner, "RmtInf/Ustrd")]
    structured = [
        *(one.text or "" for one in children(inner, "RmtInf/Strd/CdtrRefInf/Ref")),
        *(one.text or "" for one in children(inner, "RmtInf/Strd/RfrdDocInf/Nb")),
    ]
    ids = [text_of(inner, f"Refs/{name}") for name in ("EndToEndId", "TxId", "InstrId")]
    code = text_of(inner, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")
    reversal = text_of(entry, "RvslInd") == "true" or bool(code)
    batch = text_of(entry, "NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId")
    return BankEntry(
        place=line_of(inner),
        bank_reference=reference,
        booked_on=booked_on,
        amount_minor=signed,
        currency=currency,
        payer=text_of(inner, "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm"),
        payer_account=text_of(inner, "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id"),
        structured=tuple(one.strip() for one in structured if one.strip()),
        text=" ".join(one.strip() for one in unstructured if one.strip()) or text_of(entry, "AddtlNtryInf"),
        end_to_end_ids=tuple(dict.fromkeys(one for one in ids if one.upper() not in _NOT_GIVEN)),
        batch=batch or text_of(inner, "Refs/PmtInfId"),
        takes_back=reversal and signed < 0,
        return_code=code,
    )


def _amount(element: Element, where: str) -> tuple[int, str]:
    for found in children(element, "Amt"):
        currency = found.get("Ccy", "")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise Invalid("currency", "An amount without its currency.", where)
        minor = minor_of(_decimal(found.text), currency, where)
        if minor < 0:
            raise Invalid("amount", "An amount below nothing.", where)
        return minor, currency
    raise Invalid("amount", "An entry without an amount.", where)


def _decimal(text: str | None) -> str:
    """XML Schema's decimal (part 2, 3.3.3), which may have blanks around it, a plus, or no digit on one side
    of its point, as a plain one."""
    found = re.fullmatch(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", (text or "").strip(" \t\r\n"))
    if found is None or not (found[2] or found[3]):
        return text or ""
    return found[1].removeprefix("+") + (found[2] or "0") + (f".{found[3]}" if found[3] else "")


def _part(detail: Element, where: str) -> tuple[int, str]:
    """A transaction's amount: its own from version 08 on, before that in AmtDtls/TxAmt."""
    for inner in (detail, *children(detail, "AmtDtls/TxAmt")):
        if any(True for _ in children(inner, "Amt")):
            return _amount(inner, where)
    raise Invalid("amount", "One of several transactions has no amount of its own.", where)


def _is_credit(entry: Element, where: str) -> bool:
    """CdtDbtInd tells which way the money went, of a reversal, too."""
    said = text_of(entry, "CdtDbtInd")
    if said not in ("CRDT", "DBIT"):
        raise Invalid("direction", "An entry that is neither CRDT nor DBIT.", where)
    return said == "CRDT"


def _day(entry: Element, where: str) -> date:
    said = text_of(entry, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")[:10]
    try:
        if not _DAY.fullmatch(said):
            raise ValueError
        return date.fromisoformat(said)
    except ValueError as error:
        raise Invalid("day", "An entry without a booking date.", where) from error


def _made_reference(statement: Element, entry: Element, place: int) -> str:
    """Where the bank names no entry: the statement's own name and the entry's, or its place in it."""
    account = text_of(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
    named = text_of(entry, "NtryRef") or str(place + 1)
    whole = "|".join((account, text_of(statement, "Id"), named))
    return "stmt-" + sha256(whole.encode()).hexdigest()[:24]


def _check_sum(statement: Element, booked: list[Element]) -> None:
    """Opening balance and entries come to the closing balance, where the statement has both."""
    balances: dict[str, int] = {}
    for balance in children(statement, "Bal"):
        where = line_of(balance)
        code = text_of(balance, "Tp/CdOrPrtry/Cd")
        amount = next(children(balance, "Amt"), None)
        if amount is None:
            continue
        minor = minor_of(_decimal(amount.text), amount.get("Ccy", ""), where)
        balances[code] = minor if _is_credit(balance, where) else -minor
    opening = balances.get("OPBD", balances.get("PRCD"))
    closing = balances.get("CLBD")
    if opening is None or closing is None:
        return
    moved = sum(
        (1 if _is_credit(entry, line_of(entry)) else -1) * _amount(entry, line_of(entry))[0]
        for entry in booked
    )
    if opening + moved != closing:
        words = "Opening balance and entries do not come to the closing balance: something is missing."
        raise Invalid("does_not_add_up", words, line_of(statement))
