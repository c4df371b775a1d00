"""What on another tariff? Every tariff they could be on, over the bills of their last year."""

from __future__ import annotations

from billing.answers.parameters import BILL, whole
from billing.answers.pictures import around_zero, whole_money
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Evidence,
    Figure,
    Series,
    Sum,
    Told,
    bill_evidence,
    money_figure,
)
from billing.customer import loads
from billing.domain.money import amount_text
from billing.domain.rating.load_shift import Shift
from billing.domain.rating.stay import MONTHS
from billing.domain.tariffs.file import default_decimals
from billing.queries.bills import BillRow
from billing.queries.what_ifs import KnownSaving
from billing.what_if.account import AccountWhatIf, Compared, account_what_if
from billing.wording import Say, bill_label, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import money, month_short
from utility_crm.web.words import counting, mark

SHIFTS = (0, 10, 20, 30, 40, 50, 60)
"""Percent of the evening that the slider moves to the night."""
SHIFT = whole("shift", "percent of 16:00-20:00 that moves to 00:00-07:00", SHIFTS)

VERDICTS = {
    "switch": mark("worth a change"),
    "noise": mark("may be chance"),
    "small": mark("under two percent"),
    "dearer": mark("dearer"),
    "short": mark("too little known"),
}


def year(call: CustomerCall) -> tuple[BillRow, ...]:
    """The chosen bill and those before it, the newest first, at most twelve."""
    bill = call.once(loads.chosen)
    return () if bill is None else (bill, *call.once(loads.earlier))[:MONTHS]


def known(call: CustomerCall) -> tuple[KnownSaving, ...]:
    """What the last whole-base what-ifs say of the chosen bill's account."""
    return call.once(loads.in_view).savings


def found(call: CustomerCall) -> AccountWhatIf:
    """The replay, with the shift that the slider asks for."""
    asked = call.params.get("shift", "")
    percent = int(asked) if asked.isdecimal() and int(asked) in SHIFTS else 0
    return account_what_if(call.session, call.once(year), call.today, Shift(percent))


def tariff_answer(call: CustomerCall) -> Answer:
    """From what the last whole-base what-ifs have stored: the left column must be cheap."""
    _ = say(call.language)
    if not call.once(year):
        return Answer(_("no bill yet"))
    mine = call.once(known)
    best = next((one for one in mine if one.verdict == "switch"), None)
    if best is not None:
        figure = money(best.saving_minor, best.currency, call.language)
        return Answer(figure, _("less a year on %(tariff)s", tariff=best.tariff))
    if not mine:
        return Answer(_("Compare"), _("the year on other tariffs"))
    return Answer(_("Stay"), _(VERDICTS[mine[0].verdict]))


def tariff_sheet(call: CustomerCall) -> Sheet:
    """Tariffs side by side, the months of the best, and a slider that moves use to the night."""
    if not call.once(year):
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    what = call.once(found)
    shown = what.advised or what.best
    chart = None
    if shown is not None:
        labels = [month_short(bill.last_on, call.language) for bill in what.bills]
        named = list(zip(labels, shown.saving_minor, strict=True))
        label = whole_money(what.bills[-1].currency, call.language, signed=True)
        chart = around_zero(named, label)
    return Sheet(
        "billing/on_another_tariff.html",
        {
            "what": what,
            "currency": what.bills[0].currency,
            "shown": shown,
            "chart": chart,
            "sentence": sentence(what, call.language),
            "verdicts": VERDICTS,
            "shifts": SHIFTS,
            "first_label": bill_label(what.bills[0], call.language),
            "last_label": bill_label(what.bills[-1], call.language),
        },
    )


def sentence(what: AccountWhatIf, language: str) -> str:
    """Switch or stay, and why."""
    _ = say(language)
    own = what.own.tariff.name if what.own else ""
    currency = what.bills[-1].currency

    def amount(minor: int) -> str:
        return money(abs(minor), currency, language)

    best, advised = what.best, what.advised
    if best is None:
        return _("There is no other tariff to change to.")
    if advised is not None:
        return _(
            "On %(tariff)s the last year would have cost %(amount)s less: %(then)s instead of %(now)s.",
            tariff=advised.tariff.name,
            amount=amount(advised.judgement.saving_minor),
            then=amount(advised.replay.total_minor),
            now=amount(advised.replay.total_minor + advised.judgement.saving_minor),
        )
    return _stay(_, counting(language, "billing"), best, own or _("the present tariff"), amount)


def if_moved(what: AccountWhatIf, language: str) -> str:
    """What the cheapest would come to with use moved to the night; empty where none is moved."""
    _, best = say(language), what.best
    if best is None or not what.shift.percent:
        return ""
    currency, then = what.bills[-1].currency, best.replay.shifted_total_minor
    gain = what.billed_minor - then
    amount = money(abs(gain), currency, language)
    moved = _(
        "With %(percent)s %% of the evening moved to the night, %(tariff)s would have been %(amount)s.",
        percent=what.shift.percent,
        tariff=best.tariff.name,
        amount=money(then, currency, language),
    )
    if gain > 0:
        return f"{moved} {_('That is %(amount)s less than was billed.', amount=amount)}"
    return f"{moved} {_('That is %(amount)s more than was billed.', amount=amount)}"


def _stay(_: Say, ngettext: Say, best: Compared, own: str, amount: Say) -> str:
    judgement, name = best.judgement, best.tariff.name
    if judgement.verdict == "short":
        return ngettext(
            "Stay with %(own)s: only one bill is known, and it takes a year to tell.",
            "Stay with %(own)s: only %(num)s bills are known, and it takes a year to tell.",
            judgement.months,
            own=own,
        )
    saved = amount(judgement.saving_minor)
    if judgement.verdict == "dearer":
        if not judgement.saving_minor:
            return _("Stay with %(own)s: %(tariff)s would have cost the same.", own=own, tariff=name)
        return _(
            "Stay with %(own)s: the next best, %(tariff)s, would have cost %(amount)s more.",
            own=own,
            tariff=name,
            amount=saved,
        )
    if judgement.verdict == "small":
        return _(
            "Stay with %(own)s: %(tariff)s would have saved %(amount)s in a year, under two percent.",
            own=own,
            tariff=name,
            amount=saved,
        )
    return _(
        "Stay with %(own)s: the %(amount)s that %(tariff)s would have saved may as well be chance.",
        own=own,
        tariff=name,
        amount=saved,
    )


def tariff_told(call: CustomerCall) -> Told:
    """Each tariff's year; the own tariff's months add up to what was billed."""
    if not call.once(year):
        return Told(say(call.language)("There is no bill yet."))
    what = call.once(found)
    currency = what.bills[-1].currency
    decimals = default_decimals(currency)
    own = what.own.cost_minor if what.own and not what.own.refused else ()
    parts = [(bill.number, minor) for bill, minor in zip(what.bills, own, strict=False)]
    if own and sum(own) != what.billed_minor:
        parts.append(("on what was agreed before", what.billed_minor - sum(own)))
    figures = [money_figure("billed", what.billed_minor, currency)]
    if what.shift.percent:
        figures.append(Figure("shift", str(what.shift.percent), "percent"))
        if what.own and not what.own.refused:
            code = f"cost_shifted.{what.own.tariff.code}"
            figures.append(money_figure(code, what.own.shifted_total_minor, currency))
    for one in what.others:
        code = one.tariff.code
        figures += [
            money_figure(f"cost_on.{code}", one.replay.total_minor, currency),
            money_figure(f"saving_on.{code}", one.judgement.saving_minor, currency),
            money_figure(f"least_month.{code}", min(one.saving_minor), currency),
            money_figure(f"best_month.{code}", max(one.saving_minor), currency),
            Figure(f"verdict.{code}", one.judgement.verdict),
        ]
        if one.judgement.low_minor is not None:
            figures.append(money_figure(f"saving_at_least.{code}", one.judgement.low_minor, currency))
        if what.shift.percent:
            figures.append(money_figure(f"cost_shifted.{code}", one.replay.shifted_total_minor, currency))
    figures.append(Figure("read", f"{what.coverage.read_share:.4f}"))
    months = [bill.number for bill in what.bills]
    series = tuple(
        Series(
            one.tariff.code,
            tuple(
                (label, amount_text(minor, decimals))
                for label, minor in zip(months, one.saving_minor, strict=True)
            ),
        )
        for one in what.others
    )
    return Told(
        " ".join(filter(None, (sentence(what, call.language), if_moved(what, call.language)))),
        figures=tuple(figures),
        adds_up=Sum(tuple(parts), what.billed_minor, currency) if parts else None,
        chart=Chart("columns", currency, series) if series else None,
        evidence=(
            *(
                Evidence("tariff", one.tariff.code, f"/billing/tariffs/{one.tariff.code}")
                for one in what.others
            ),
            *(bill_evidence(bill) for bill in what.bills),
        ),
    )


ANSWER = AccountAnswer(
    "tariff", mark("What on another tariff?"), 18, tariff_answer, tariff_sheet, tariff_told, (BILL, SHIFT)
)
