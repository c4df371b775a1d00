"""What is this charge? Every line of the bill: its rule in words, its arithmetic, since when its price
holds."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from billing.answers.parameters import BILL, Parameter
from billing.answers.rules import (
    Explained,
    explained_line,
    of_share,
    quantity_words,
    share_words,
)
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Evidence,
    Figure,
    Series,
    Sum,
    Told,
    bill_evidence,
    date_figure,
    money_figure,
)
from billing.customer import loads
from billing.domain.money import amount_text, micro_text
from billing.domain.tariffs.file import default_decimals
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bills import LineRow, lines_of_bill
from billing.wording import bill_label, bill_label_year, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import kwh, money, price
from utility_crm.web.words import mark


def lines(call: CustomerCall) -> tuple[Explained, ...]:
    """The chosen bill's lines, taken apart."""
    bill = call.once(loads.chosen)
    if bill is None:
        return ()
    tariffs: dict[tuple[str, str], Tariff] = {
        (item.part.service_point, item.part.tariff.code): item.part.tariff for item in call.once(loads.read)
    }
    return tuple(
        explained_line(
            line,
            tariffs.get((line.service_point or "", line.tariff_code or "")),
            bill.currency,
            call.language,
        )
        for line in lines_of_bill(call.session, bill.id)
    )


def asked(call: CustomerCall) -> Explained | None:
    """The line asked about, else the largest that is no tax."""
    mine = call.once(lines)
    wanted = call.params.get("line", "")
    for one in mine:
        if str(one.line.position) == wanted:
            return one
    return max(
        mine,
        key=lambda one: (one.line.charge != "tax", one.line.amount_minor, -one.line.position),
        default=None,
    )


def charge_answer(call: CustomerCall) -> Answer:
    """The bill's total: the lines are opened with the sheet."""
    bill = call.once(loads.chosen)
    if bill is None:
        return Answer(say(call.language)("no bill yet"))
    return Answer(money(bill.total_minor, bill.currency, call.language), bill_label(bill, call.language))


def charge_sheet(call: CustomerCall) -> Sheet:
    """All lines, the one asked about in a sentence."""
    bill, one = call.once(loads.chosen), call.once(asked)
    if bill is None or one is None:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    mine = call.once(lines)
    return Sheet(
        "billing/charge.html",
        {
            "bill": bill,
            "name": bill_label_year(bill, call.language),
            "one": one,
            "lines": mine,
            "sentence": sentence(one, bill.currency, call.language),
            "most": max((abs(each.line.amount_minor) for each in mine), default=1) or 1,
        },
    )


def sentence(one: Explained, currency: str, language: str) -> str:
    """One line said aloud."""
    _, line = say(language), one.line
    amount = money(line.amount_minor, currency, language)
    each = price(abs(line.price_micro), currency, language)
    if of_share(line):
        base = one.arithmetic.partition(" × ")[0]
        share = share_words(line, language)
        return _(
            "%(label)s is %(share)s of %(base)s: %(amount)s.",
            label=line.label,
            share=share,
            base=base,
            amount=amount,
        )
    if line.charge == "energy":
        return _(
            "You used %(kwh)s kilowatt-hours at %(price)s each (%(label)s), and that makes %(amount)s.",
            kwh=kwh(line.quantity_micro, decimals_said(line, currency), language),
            price=each,
            label=line.label,
            amount=amount,
        )
    return _(
        "%(label)s: %(quantity)s at %(price)s each, and that makes %(amount)s.",
        label=line.label,
        quantity=quantity_words(line, language),
        price=each,
        amount=amount,
    )


def decimals_said(line: LineRow, currency: str) -> int:
    """As many decimals of a quantity as it takes for who multiplies it by the price to find the amount."""
    exact, each = Decimal(line.quantity_micro).scaleb(-6), Decimal(line.price_micro).scaleb(-6)
    unit = Decimal(1).scaleb(-default_decimals(currency))
    amount = Decimal(line.amount_minor) * unit
    for decimals in range(1, 7):
        said = round(exact, decimals)
        if (said * each).quantize(unit, ROUND_HALF_UP) == amount:
            return decimals
    return 1  # not a product: a tier or a cap made it


def charge_told(call: CustomerCall) -> Told:
    """The line asked about, and all of them: they add up to the bill."""
    bill, one = call.once(loads.chosen), call.once(asked)
    if bill is None or one is None:
        return Told(say(call.language)("There is no bill yet."))
    line, mine = one.line, call.once(lines)
    decimals = default_decimals(bill.currency)
    figures = [
        money_figure("amount", line.amount_minor, bill.currency),
        Figure("quantity", micro_text(line.quantity_micro), line.unit),
        Figure("price", micro_text(line.price_micro), "share" if of_share(line) else bill.currency),
    ]
    if one.since is not None:
        figures.append(date_figure("price_since", one.since))
    if one.version is not None:
        figures.append(date_figure("tariff_version", one.version))
    parts = tuple((f"{each.line.position}. {each.line.label}", each.line.amount_minor) for each in mine)
    points = tuple((name, amount_text(minor, decimals)) for name, minor in parts)
    return Told(
        sentence(one, bill.currency, call.language),
        f"{one.rule}: {one.arithmetic}" if one.rule else one.arithmetic,
        tuple(figures),
        Sum(parts, bill.total_minor, bill.currency),
        Chart("columns", bill.currency, (Series("lines", points),)),
        (
            bill_evidence(bill),
            *(
                Evidence("tariff", code, f"/billing/tariffs/{code}")
                for code in dict.fromkeys(each.line.tariff_code for each in mine)
                if code
            ),
        ),
    )


def _positions(call: CustomerCall) -> list[str]:
    return [str(one.line.position) for one in call.once(lines)]


LINE = Parameter("line", "the number of one of the bill's lines; the largest when left out", _positions)
ANSWER = AccountAnswer(
    "charge", mark("What is this charge?"), 24, charge_answer, charge_sheet, charge_told, (BILL, LINE)
)
