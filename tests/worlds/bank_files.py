"""Banks' messages in small, written from the public ISO 20022 definitions: camt.053 and pain.002."""

from __future__ import annotations

from decimal import Decimal


def transaction(
    amount: str = "",
    *,
    version: str = "08",
    text: str = "",
    structured: str = "",
    end_to_end: str = "NOTPROVIDED",
    payer: str = "",
    code: str = "",
    reference: str = "",
    currency: str = "GBP",
) -> str:
    """One TxDtls of an entry; `amount` where the entry has several."""
    if amount:
        inner = f'<Amt Ccy="{currency}">{amount}</Amt>'
        amount = f"<AmtDtls><TxAmt>{inner}</TxAmt></AmtDtls>" if version == "02" else inner
    name = f"<Nm>{payer}</Nm>" if version == "02" else f"<Pty><Nm>{payer}</Nm></Pty>"
    parts = [
        "<TxDtls><Refs>",
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "",
        f"<EndToEndId>{end_to_end}</EndToEndId></Refs>",
        amount,
        f"<RltdPties><Dbtr>{name}</Dbtr></RltdPties>" if payer else "",
        "<RmtInf>",
        f"<Ustrd>{text}</Ustrd>" if text else "",
        f"<Strd><CdtrRefInf><Ref>{structured}</Ref></CdtrRefInf></Strd>" if structured else "",
        "</RmtInf>",
        f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>" if code else "",
        "</TxDtls>",
    ]
    return "".join(parts)


def entry(
    amount: str,
    *details: str,
    version: str = "08",
    reference: str = "",
    way: str = "CRDT",
    status: str = "BOOK",
    reversal: bool = False,
    batch: str = "",
    day: str = "2026-11-20",
    currency: str = "GBP",
) -> str:
    """One Ntry, on a line of its own."""
    said = status if version == "02" else f"<Cd>{status}</Cd>"
    parts = [
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>',
        "<RvslInd>true</RvslInd>" if reversal else "",
        f"<Sts>{said}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>",
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else "",
        "<NtryDtls>",
        f"<Btch><PmtInfId>{batch}</PmtInfId></Btch>" if batch else "",
        *details,
        "</NtryDtls></Ntry>",
    ]
    return "".join(parts)


def statement(
    *entries: str, version: str = "08", opening: str = "", closing: str = "", name: str = "S1"
) -> bytes:
    """A camt.053 of one statement; with balances where they are given."""
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="GBP">{Decimal(amount).copy_abs()}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd></Bal>\n"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
        if amount
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>M-{name}</MsgId></GrpHdr><Stmt><Id>{name}</Id>\n"
        f"<Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></Acct>\n{balances}"
        + "\n".join(entries)
        + "\n</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def report(*returned: tuple[str, str], version: str = "03", accepted: int = 0) -> bytes:
    """A pain.002: these direct debits are rejected for these codes."""
    rows = [
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
        f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf></TxInfAndSts>\n"
        for name, code in returned
    ]
    rows += [
        f"<TxInfAndSts><OrgnlEndToEndId>X{number}</OrgnlEndToEndId><TxSts>ACCP</TxSts></TxInfAndSts>\n"
        for number in range(accepted)
    ]
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}"><CstmrPmtStsRpt>\n'
        "<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId></OrgnlGrpInfAndSts>\n"
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>P</OrgnlPmtInfId>\n{''.join(rows)}</OrgnlPmtInfAndSts>\n"
        "</CstmrPmtStsRpt></Document>"
    ).encode()
