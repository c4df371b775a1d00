"""What will the next bill be? With how far off it may be."""

from __future__ import annotations

from billing.answers.parameters import BILL
from billing.answers.pictures import band, whole_money
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Figure,
    Series,
    Told,
    bill_evidence,
    date_figure,
    kwh_figure,
    money_figure,
)
from billing.customer import loads
from billing.domain.money import amount_text
from billing.domain.rating.forecast import Spread
from billing.domain.tariffs.file import default_decimals
from billing.forecasting import NextBill, next_bill
from billing.queries.bills import BillRow
from billing.queries.spreads import spreads_for
from billing.wording import bill_label_year, say
from utility_crm.kit.module import Answer, CustomerCall, Sheet
from utility_crm.web.formats import day, money, percent
from utility_crm.web.words import mark

LEVEL = 80
SHOWN = 13


def spread(call: CustomerCall) -> Spread | None:
    """How far forecasts of the segment were off."""
    bill = call.once(loads.chosen)
    return None if bill is None else spreads_for(call.session, bill.account_id).get(LEVEL)


def known_bills(call: CustomerCall) -> tuple[BillRow, ...]:
    """The chosen bill and those before it, the newest first."""
    bill = call.once(loads.chosen)
    return () if bill is None else (bill, *call.once(loads.earlier))


def found(call: CustomerCall) -> NextBill | None:
    """The bill after the chosen one."""
    bills = call.once(known_bills)
    if not bills:
        return None
    cycle = next(one.cycle_day for one in call.once(loads.accounts) if one.id == bills[0].account_id)
    return next_bill(bills, call.once(loads.read), cycle, call.once(spread))


def next_answer(call: CustomerCall) -> Answer:
    """The middle, and between what."""
    _ = say(call.language)
    one = call.once(found)
    if one is None:
        return Answer(_("no bill yet") if not call.once(known_bills) else _("not to be told"))
    figure = money(one.minor, one.currency, call.language)
    if one.low_minor is None or one.high_minor is None:
        return Answer(figure, _("by %(day)s", day=day(one.last_on, call.language)))
    low, high = (money(minor, one.currency, call.language) for minor in (one.low_minor, one.high_minor))
    return Answer(figure, _("%(low)s to %(high)s", low=low, high=high))


def next_sheet(call: CustomerCall) -> Sheet:
    """The interval among the bills before."""
    bills, one = call.once(known_bills), call.once(found)
    if not bills:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    dots = [(bill_label_year(bill, call.language), bill.total_minor) for bill in bills[:SHOWN]]
    chart = None
    if one is not None:
        low, high = (one.minor if end is None else end for end in (one.low_minor, one.high_minor))
        chart = band(low, one.minor, high, whole_money(one.currency, call.language), dots)
    return Sheet(
        "billing/next_bill.html",
        {
            "one": one,
            "last": bills[0],
            "last_name": bill_label_year(bills[0], call.language),
            "bills": bills[:SHOWN],
            "names": {bill.id: bill_label_year(bill, call.language) for bill in bills[:SHOWN]},
            "chart": chart,
            "sentence": sentence(call),
        },
    )


def sentence(call: CustomerCall) -> str:
    """The forecast said aloud."""
    _, one = say(call.language), call.once(found)
    if one is None:
        return _("The next bill cannot be told: nothing was supplied on the last day, or no price is known.")
    last = day(one.last_on, call.language)
    amount = money(one.minor, one.currency, call.language)
    if one.low_minor is None or one.high_minor is None:
        return _("The bill to %(day)s will be about %(amount)s.", day=last, amount=amount)
    return _(
        "The bill to %(day)s will be about %(amount)s; in %(share)s of cases, %(low)s to %(high)s.",
        day=last,
        amount=amount,
        share=percent(one.level / 100, 0, call.language),
        low=money(one.low_minor, one.currency, call.language),
        high=money(one.high_minor, one.currency, call.language),
    )


def next_told(call: CustomerCall) -> Told:
    """The forecast with its interval."""
    bills, one = call.once(known_bills), call.once(found)
    if not bills:
        return Told(say(call.language)("There is no bill yet."))
    if one is None:
        return Told(sentence(call), evidence=(bill_evidence(bills[0]),))
    decimals = default_decimals(one.currency)
    figures = [
        money_figure("forecast", one.minor, one.currency),
        kwh_figure("energy", one.micro_kwh),
        date_figure("starts_on", one.ahead.starts_on),
        date_figure("ends_before", one.ahead.ends_before),
        Figure("made_of", one.rule),
    ]
    if one.low_minor is not None and one.high_minor is not None:
        figures += [
            money_figure("low", one.low_minor, one.currency),
            money_figure("high", one.high_minor, one.currency),
            Figure("certainty", f"{one.level / 100:.2f}"),
        ]
    before = tuple((bill.number, amount_text(bill.total_minor, decimals)) for bill in bills[:SHOWN][::-1])
    ends = tuple(
        (figure.name, figure.value) for figure in figures if figure.name in ("low", "forecast", "high")
    )
    return Told(
        sentence(call),
        figures=tuple(figures),
        chart=Chart("range", one.currency, (Series("next", ends), Series("before", before))),
        evidence=tuple(bill_evidence(bill) for bill in bills[:SHOWN]),
    )


ANSWER = AccountAnswer(
    "next", mark("What will the next bill be?"), 16, next_answer, next_sheet, next_told, (BILL,)
)
