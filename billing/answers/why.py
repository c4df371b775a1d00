"""Why is it different? The page's part is `billing/customer/why.py`; here it is told."""

from __future__ import annotations

from billing.answers.parameters import AGAINST, BILL
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Figure,
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
from billing.explaining import Explained, explain_bill
from billing.explaining.document import weather_document
from billing.wording import say
from utility_crm.kit.errors import NotFound
from utility_crm.kit.parts import CustomerCall
from utility_crm.web.words import mark


def why_told(call: CustomerCall) -> Told:
    """The effects, which add up to the difference of the two bills, and the fit of the weather.

    Raises NotFound where there is no bill a year ago to hold it against, Refused, Conflict.
    """
    bill, other = call.once(loads.chosen), call.once(loads.against)
    if bill is None:
        return Told(say(call.language)("There is no bill yet."))
    if call.params.get("against") == loads.YEAR_AGO and call.once(loads.year_before) is None:
        raise NotFound(
            "no_bill_a_year_ago",
            mark("There is no bill a year before %(bill)s."),
            "against",
            bill=bill.number,
        )
    found = explain_bill(call.session, bill, other, days=False, read=call.once(loads.both))
    said, asked_on = spoken(found, call.language)
    figures = [money_figure("bill", bill.total_minor, bill.currency)]
    if other is not None:
        figures += [
            money_figure("against", other.total_minor, bill.currency),
            money_figure("difference", found.difference_minor, bill.currency),
        ]
    figures += weather_figures(found)
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


def weather_figures(found: Explained) -> list[Figure]:
    """What is known of the weather at each service point: the fit, or why it is left out."""
    figures = []
    for document in (weather_document(one) for one in found.weathers):
        at = f".{document['service_point']}" if len(found.weathers) > 1 else ""
        if document["reason"] is not None:
            figures.append(Figure(f"weather_left_out{at}", document["reason"]))
        fit = document["fit"]
        if fit is None:
            continue
        figures += [
            Figure(f"weather_days{at}", str(fit["days"]), "days"),
            Figure(f"weather_r2{at}", str(fit["r2"])),
            Figure(f"weather_cvrmse{at}", str(fit["cvrmse"])),
        ]
        for name, slope in (("heating", fit["heating"]), ("cooling", fit["cooling"])):
            if slope is not None:
                figures += [
                    Figure(f"{name}_balance{at}", str(slope["balance_celsius"]), "°C"),
                    Figure(f"{name}_slope{at}", str(slope["kwh_per_degree_day"]), "kWh/K/day"),
                    Figure(f"{name}_plus_minus{at}", str(slope["plus_minus"]), "kWh/K/day"),
                ]
    return figures


ANSWER = AccountAnswer(
    "why", mark("Why is it different?"), 10, why_answer, why_sheet, why_told, (BILL, AGAINST)
)
