"""Why is it different? The page's part is `billing/customer/why.py`; here it is told."""

from __future__ import annotations

from billing.answers.told import (
    AccountAnswer,
    Chart,
    Series,
    Sum,
    Told,
    bill_evidence,
    money_figure,
)
from billing.customer import loads
from billing.customer.spoken import moving, plain, spoken
from billing.customer.why import why_answer, why_sheet
from billing.domain.money import amount_text
from billing.explaining import explain_bill
from billing.wording import say
from utility_crm.kit.module import CustomerCall
from utility_crm.web.words import mark


def why_told(call: CustomerCall) -> Told:
    """The effects, which add up to the difference of the two bills. Raises Refused, Conflict."""
    bill, other = call.once(loads.chosen), call.once(loads.against)
    if bill is None:
        return Told(say(call.language)("There is no bill yet."))
    found = explain_bill(call.session, bill, other, days=False, read=call.once(loads.both))
    said, asked_on = spoken(found, call.language)
    figures = [money_figure("bill", bill.total_minor, bill.currency)]
    if other is not None:
        figures += [
            money_figure("against", other.total_minor, bill.currency),
            money_figure("difference", found.difference_minor, bill.currency),
        ]
    effects = tuple((row.effect, row.amount_minor) for row in moving(found))
    steps = tuple((name, amount_text(minor, found.decimals)) for name, minor in effects)
    compared = found.kind == "compared"
    return Told(
        plain(said),
        plain(asked_on),
        tuple(figures),
        Sum(effects, found.difference_minor, bill.currency) if compared else None,
        Chart("waterfall", bill.currency, (Series("effects", steps),)) if compared else None,
        tuple(bill_evidence(one) for one in (bill, other) if one is not None),
    )


ANSWER = AccountAnswer("why", mark("Why is it different?"), 10, why_answer, why_sheet, why_told)
