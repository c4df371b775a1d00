"""A bank's report on a collection: ISO 20022 pain.002.001, versions 03 to 10 by local names.

Elements: CstmrPmtStsRpt/OrgnlGrpInfAndSts, OrgnlPmtInfAndSts/TxInfAndSts with OrgnlEndToEndId, TxSts (RJCT is
rejected) and StsRsnInf/Rsn/Cd.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.money_in.xml_file import Element, children, line_of, message_of, text_of
from utility_crm.kit.errors import Invalid

FORMAT = "pain.002"


@dataclass(frozen=True, slots=True)
class Returned:
    """A direct debit that was not paid, or is paid no more; code: ISO 20022 external reason code."""

    end_to_end_id: str
    code: str


@dataclass(frozen=True, slots=True)
class ReadReport:
    """other: transactions that were not rejected."""

    format: str
    returned: tuple[Returned, ...]
    other: int


def read_report(root: Element) -> ReadReport:
    """What was rejected, transaction by transaction. Raises Invalid for no such report, and where a whole
    group is rejected without naming its transactions."""
    message = message_of(root)
    if not re.fullmatch(r"pain\.002\.001\.\d\d", message):
        raise Invalid("not_pain002", f"This is {message or 'XML'}, not a report pain.002.", line_of(root))
    report = next(children(root, "CstmrPmtStsRpt"), None)
    if report is None:
        raise Invalid("no_report", "The message holds no report.", line_of(root))
    returned: list[Returned] = []
    other = 0
    group = next(children(report, "OrgnlGrpInfAndSts"), None)
    for payment in children(report, "OrgnlPmtInfAndSts"):
        whole = _rejected(payment, "PmtInfSts") or (group is not None and _rejected(group, "GrpSts"))
        transactions = list(children(payment, "TxInfAndSts"))
        if whole and not transactions:
            words = "A whole collection is rejected without its transactions; ask the bank for a full report."
            raise Invalid("no_transactions", words, line_of(payment))
        for one in transactions:
            name = text_of(one, "OrgnlEndToEndId")
            if not name:
                raise Invalid("no_id", "A transaction without OrgnlEndToEndId.", line_of(one))
            if whole or _rejected(one, "TxSts"):
                code = _code(one) or _code(payment) or (_code(group) if group is not None else "")
                returned.append(Returned(name, code or "NARR"))
            else:
                other += 1
    return ReadReport(FORMAT, tuple(returned), other)


def _rejected(element: Element, name: str) -> bool:
    return text_of(element, name) == "RJCT"


def _code(element: Element) -> str:
    return text_of(element, "StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")
