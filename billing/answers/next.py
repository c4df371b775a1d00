"""What will the next bill be? What is read of it, what is to come, and how far off that may be."""

from __future__ import annotations

from datetime import timedelta

from billing.answers.parameters import BILL
from billing.answers.pictures import band, whole_money
from billing.answers.told import (
    AccountAnswer,
    Chart,
    Figure,
    Series,
    Sum,
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
from billing.forecasting import NextBill, Stretch, Untold, kept_next_bill, next_bill
from billing.forecasting.next_bill import LEVEL
from billing.hold_words import hold_words
from billing.queries.accounts import AccountStanding
from billing.queries.bills import BillRow
from billing.queries.held import HeldRow
from billing.queries.spreads import spreads_for
from billing.wording import bill_label_year, say
from utility_crm.kit.parts import Answer, CustomerCall, Sheet
from utility_crm.web.formats import day, kwh, money, number, percent
from utility_crm.web.words import counting, mark

SHOWN = 13
ONE_DAY = timedelta(days=1)


def account(call: CustomerCall) -> AccountStanding | None:
    """That of the chosen bill, else the first asked about."""
    bill, wanted = call.once(loads.chosen), call.params.get("account", "")
    mine = call.once(loads.accounts)
    if bill is not None:
        return next(one for one in mine if one.id == bill.account_id)
    return next((one for one in mine if one.number == wanted or not wanted), None)


def known_bills(call: CustomerCall) -> tuple[BillRow, ...]:
    """The account's issued bills, the newest first: the next one comes after the newest, whichever is looked
    at."""
    one = call.once(account)
    if one is None:
        return ()
    issued = [
        bill for bill in call.once(loads.bills) if bill.account_id == one.id and bill.status == "issued"
    ]
    return tuple(sorted(issued, key=lambda bill: bill.ends_before, reverse=True))


def found(call: CustomerCall) -> NextBill | Untold:
    """The bill after the newest: as it is kept, where that is fresh, else foretold now."""
    one = call.once(account)
    if one is None:
        return Untold("nothing_supplied")
    known = call.once(loads.fresh)
    kept = kept_next_bill(call.session, one.id, call.today) if known is None else known.next_bill
    if kept is not None:
        return kept

    def spread() -> Spread | None:
        return spreads_for(call.session, one.id).get(LEVEL)

    return next_bill(call.session, one.id, call.once(known_bills), one.cycle_day, call.today, spread)


def next_answer(call: CustomerCall) -> Answer:
    """The middle, and between what."""
    _ = say(call.language)
    one = call.once(found)
    if isinstance(one, Untold):
        if one.reason == "nothing_supplied":
            return Answer(_("None"), _("nothing is supplied"))
        return Answer(_("no bill yet") if not call.once(known_bills) else _("not to be told"))
    figure = money(one.minor, one.currency, call.language)
    if call.once(doubted):
        return Answer(figure, _("readings doubted"), "warn")
    if one.final:
        return Answer(figure, _("the final bill"))
    if one.is_measured:
        return Answer(figure, _("all of it is read"))
    if one.low_minor is None or one.high_minor is None:
        return Answer(figure, _("by %(day)s", day=day(one.last_on, call.language)))
    if one.carried_minor and one.low_minor == one.high_minor:
        return Answer(figure, _("the fixed amount"))
    low, high = (money(minor, one.currency, call.language) for minor in (one.low_minor, one.high_minor))
    return Answer(figure, _("%(low)s to %(high)s", low=low, high=high))


def next_sheet(call: CustomerCall) -> Sheet:
    """What is read and what is to come; the interval among the bills before."""
    bills, one = call.once(known_bills), call.once(found)
    if isinstance(one, Untold) and not bills:
        return Sheet("billing/no_bill.html", {"held": call.once(loads.held)})
    chart = None
    if isinstance(one, NextBill) and bills:
        dots = [(bill_label_year(bill, call.language), bill.total_minor) for bill in bills[:SHOWN]]
        low, high = (one.minor if end is None else end for end in (one.low_minor, one.high_minor))
        chart = band(low, one.minor, high, whole_money(one.currency, call.language), dots)
    return Sheet(
        "billing/next_bill.html",
        {
            "one": one if isinstance(one, NextBill) else None,
            "bills": bills[:SHOWN],
            "names": {bill.id: bill_label_year(bill, call.language) for bill in bills[:SHOWN]},
            "chart": chart,
            "sentence": sentence(call),
            "beside": beside(call),
            "method": method(one, call.language) if isinstance(one, NextBill) else "",
            "left_over_minor": left_over(one) if isinstance(one, NextBill) else 0,
        },
    )


def waiting(call: CustomerCall) -> tuple[HeldRow, ...]:
    """What of the account is held for a person, of the days of the next bill."""
    one, bill = call.once(account), call.once(found)
    return tuple(
        row
        for row in call.once(loads.held)
        if one is not None
        and row.account_id == one.id
        and row.released_at is None
        and (
            isinstance(bill, Untold)
            or (row.starts_on < bill.ahead.ends_before and row.ends_before > bill.ahead.starts_on)
        )
    )


def doubted(call: CustomerCall) -> bool:
    """Whether a grave doubt about readings of the next bill waits for a decision."""
    one = call.once(found)
    return isinstance(one, NextBill) and any(
        each.state == "open"
        and each.severity == "bad"
        and each.first_day < one.ahead.ends_before
        and each.last_day >= one.ahead.starts_on
        for each in call.once(loads.in_view).findings
    )


def sentence(call: CustomerCall) -> str:
    """The forecast said aloud, what of it is not measured, and whether it is held."""
    one, language, said = call.once(found), call.language, [foretold(call)]
    _, ngettext = say(language), counting(language, "billing")
    if isinstance(one, NextBill) and one.missing_readings:
        said.append(
            ngettext(
                "%(num)s reading is missing and would be estimated.",
                "%(num)s readings are missing and would be estimated.",
                one.missing_readings,
            )
        )
    if isinstance(one, NextBill) and (others := one.estimated_readings - one.filled_readings):
        said.append(
            ngettext(
                "%(num)s reading came as an estimate.",
                "%(num)s readings came as estimates.",
                others,
            )
        )
    if call.once(doubted):
        said.append(_("Some of its readings are doubtful: somebody looks at them before it is billed."))
    if held := call.once(waiting):
        why = " ".join(hold_words(held[0], language))
        said.append(_("It is held for a person to look at: %(reason)s", reason=why))
    return " ".join(said)


def foretold(call: CustomerCall) -> str:
    """The amount, and between what."""
    one, language = call.once(found), call.language
    if isinstance(one, Untold):
        return why_not(one, language)
    _ = say(language)
    words = {"day": day(one.last_on, language), "amount": money(one.minor, one.currency, language)}
    if one.is_measured:
        if one.final:
            return _("The final bill, to %(day)s, will be %(amount)s: all of it is read.", **words)
        return _("The bill to %(day)s will be %(amount)s: all of it is read.", **words)
    if one.carried_minor and one.low_minor == one.high_minor == one.minor:
        return _("The bill to %(day)s will be %(amount)s, as agreed for each month.", **words)
    if one.low_minor is None or one.high_minor is None:
        if one.final:
            return _("The final bill, to %(day)s, will be about %(amount)s.", **words)
        return _("The bill to %(day)s will be about %(amount)s.", **words)
    words |= {
        "share": percent(one.level / 100, 0, language),
        "low": money(one.low_minor, one.currency, language),
        "high": money(one.high_minor, one.currency, language),
    }
    if one.final:
        return _(
            "The final bill, to %(day)s, will be about %(amount)s; in %(share)s of cases, "
            "%(low)s to %(high)s.",
            **words,
        )
    return _(
        "The bill to %(day)s will be about %(amount)s; in %(share)s of cases, %(low)s to %(high)s.", **words
    )


def why_not(one: Untold, language: str) -> str:
    """Why there is no forecast."""
    _ = say(language)
    when = day(one.on, language) if one.on is not None else ""
    if one.reason == "nothing_supplied" and when:
        return _("There will be no further bill: nothing is supplied after %(day)s.", day=when)
    if one.reason == "no_prices":
        return _("The next bill cannot be told: no price is known yet for %(day)s.", day=when)
    return {
        "nothing_supplied": _("There is no next bill: nothing is supplied."),
        "no_place": _("The next bill cannot be told: the service point belongs to no premise."),
        "no_readings": _("The next bill cannot be told: no readings have come."),
        "by_dials": _("The next bill cannot be told before the dials are read."),
        "too_little_read": _(
            "The next bill cannot be told: fewer than seven days were read in three months."
        ),
        "looks_back": _("The next bill cannot be told: its tariff looks back on months that are not known."),
        "reactive": _("The next bill cannot be told: reactive energy is not foretold."),
        "export": _("The next bill cannot be told: energy given back is read at other intervals."),
    }.get(one.reason, _("The next bill cannot be told: the tariff cannot price what is to come."))


def beside(call: CustomerCall) -> str:
    """What to say when asked on: what is read, what changes on the way, and what a fixed amount carries."""
    one, language = call.once(found), call.language
    if isinstance(one, Untold):
        return ""
    _, said = say(language), []
    if one.so_far is not None and one.to_come is not None:
        said.append(
            _(
                "Read up to %(day)s: %(kwh)s kWh, %(amount)s.",
                day=day(one.to_come.period.starts_on - ONE_DAY, language),
                kwh=kwh(one.so_far.micro_kwh, 0, language),
                amount=money(one.so_far.minor, one.currency, language),
            )
        )
    said += [
        _(
            "From %(day)s it is on the tariff %(tariff)s.",
            day=day(part.period.starts_on, language),
            tariff=part.tariff,
        )
        for part in one.changes
    ]
    if one.final:
        said.append(_("Supply ends on %(day)s.", day=day(one.last_on, language)))
    if one.carried_minor:
        said.append(_("A fixed amount is agreed: the difference is carried to the yearly settlement."))
    return " ".join(said)


def method(one: NextBill, language: str) -> str:
    """How the days to come were foretold, and how sure that is, in sentences."""
    _, ngettext = say(language), counting(language, "billing")
    if one.is_measured:
        return _("Every day of it is read, and priced as a bill is.")
    said = []
    if one.days_not_measured:
        said.append(_("What is missing is filled as a bill fills it: like the same times of like days near."))
    if one.to_come is not None:
        said.append(
            _("Days to come are like the same kind of day lately and around this date a year ago.")
            if one.year_ago
            else _("Days to come are like the same kind of day lately.")
        )
    if one.to_come is None:
        pass
    elif one.weather is not None:
        said.append(
            _(
                "Their weather is taken as usual for the season; the fit to temperature has an R² of %(r2)s.",
                r2=number(one.weather.r2, 2, language),
            )
        )
    else:
        said.append(_("The weather is left out: it is not told apart from the use surely enough."))
    if one.how_far_off is None:
        said.append(
            _("How far off that may be is not known yet: too few bills can be held against their forecast.")
        )
    elif one.how_far_off.known_from == "own":
        said.append(
            ngettext(
                "How far off that may be is taken from %(num)s earlier forecast of this customer, "
                "made again from what was known then.",
                "How far off that may be is taken from %(num)s earlier forecasts of this customer, "
                "made again from what was known then.",
                one.how_far_off.tests,
            )
        )
    else:
        said.append(
            _(
                "How far off that may be is taken from how far off it was for others, "
                "and how unsteady this one is."
            )
        )
    return " ".join(said)


def left_over(one: NextBill) -> int:
    """The bill less what it is said to be made of: nothing."""
    stretches = sum(each.minor for each in (one.so_far, one.to_come) if each is not None)
    return one.minor - stretches - one.carried_minor


def next_told(call: CustomerCall) -> Told:
    """The forecast with its interval, what is read and what is to come."""
    bills, one = call.once(known_bills), call.once(found)
    evidence = tuple(bill_evidence(bill) for bill in bills[:SHOWN])
    if isinstance(one, Untold):
        figures = (Figure("reason", one.reason), *_held(call))
        return Told(sentence(call), figures=figures, evidence=evidence[:1])
    decimals = default_decimals(one.currency)
    parts = [(name, each.minor) for name, each in _stretches(one)]
    if one.carried_minor:
        parts.append(("carried", one.carried_minor))
    before = tuple((bill.number, amount_text(bill.total_minor, decimals)) for bill in bills[:SHOWN][::-1])
    figures = (*_figures(one), *_held(call))
    ends = tuple(
        (figure.name, figure.value) for figure in figures if figure.name in ("low", "forecast", "high")
    )
    return Told(
        sentence(call),
        " ".join(filter(None, (beside(call), method(one, call.language)))),
        figures,
        Sum(tuple(parts), one.minor, one.currency),
        Chart("range", one.currency, (Series("next", ends), Series("before", before))),
        evidence,
    )


def _stretches(one: NextBill) -> list[tuple[str, Stretch]]:
    both = (("so_far", one.so_far), ("to_come", one.to_come))
    return [(name, each) for name, each in both if each is not None]


def _held(call: CustomerCall) -> tuple[Figure, ...]:
    """The codes of what the bill waits for."""
    return tuple(Figure("held", code) for row in call.once(waiting) for code in row.codes or (row.code,))


def _figures(one: NextBill) -> tuple[Figure, ...]:
    figures = [
        money_figure("forecast", one.minor, one.currency),
        kwh_figure("energy", one.micro_kwh),
        date_figure("starts_on", one.ahead.starts_on),
        date_figure("ends_before", one.ahead.ends_before),
        Figure("made_of", "lately_and_year_ago" if one.year_ago else "lately"),
        Figure("final", "yes" if one.final else "no"),
        Figure("missing_readings", str(one.missing_readings)),
        Figure("estimated_readings", str(one.estimated_readings)),
    ]
    for name, each in _stretches(one):
        figures += [
            money_figure(name, each.minor, one.currency),
            kwh_figure(f"{name}_energy", each.micro_kwh),
            Figure(f"{name}_days", str(each.period.days), "days"),
        ]
    figures += [date_figure("tariff_changes_on", part.period.starts_on) for part in one.changes]
    if one.weather is not None:
        figures.append(Figure("weather_r2", f"{one.weather.r2:.2f}"))
    if one.low_minor is not None and one.high_minor is not None:
        figures += [
            money_figure("low", one.low_minor, one.currency),
            money_figure("high", one.high_minor, one.currency),
            Figure("certainty", f"{one.level / 100:.2f}"),
        ]
    if one.how_far_off is not None:
        figures += [
            Figure("how_far_off_from", one.how_far_off.known_from),
            Figure("earlier_forecasts", str(one.how_far_off.tests)),
        ]
    return tuple(figures)


ANSWER = AccountAnswer(
    "next", mark("What will the next bill be?"), 16, next_answer, next_sheet, next_told, (BILL,)
)
