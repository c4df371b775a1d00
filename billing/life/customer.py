"""What do we supply? The places of a customer, and what ending, beginning or changing a supply would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args

from billing.actions.agreements import EndReason
from billing.answers.tariff import VERDICTS, sentence
from billing.customer import loads
from billing.domain.accounts.doubtful_days import Kind
from billing.domain.rating.stay import MONTHS
from billing.life.change_money import ENDINGS, change_money, endings
from billing.life.previews import (
    ChangePlan,
    MoveInPlan,
    MoveOutPlan,
    SuppliedHere,
    plan_change,
    plan_move_in,
    plan_move_out,
)
from billing.life.taking_back import SLIP
from billing.life.told import change_words, changes, far_words
from billing.queries.choices import UNFIT, TariffChoice, tariff_choices
from billing.queries.tariffs import TariffRow, all_tariffs, tariffs_by_id
from billing.wording import Say, say
from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet
from utility_crm.web.formats import day_year
from utility_crm.web.words import mark

REASONS: dict[str, str] = {
    "moved": mark("they move out"),
    "switched": mark("they go to another supplier"),
    "died": mark("the customer has died"),
    "cut_off": mark("the supply is cut off"),
}
"""Why a supply ends, by hand; a change of tariff has a form of its own."""
assert set(REASONS) < set(get_args(EndReason))
ACTS = ("out", "tariff", "in", "back")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked to plan, as typed, and the plan or why there is none. doubt: a day that looks
    like a slip."""

    act: str
    here: SuppliedHere | None
    given: dict[str, str]
    plan: MoveOutPlan | ChangePlan | MoveInPlan | None = None
    refused: CareError | None = None

    def wrong(self, field: str, language: str) -> str:
        """What is to be said beside a field, and beside none where `field` is empty."""
        if self.refused is None:
            return ""
        where = self.refused.where if self.refused.where in self.given else ""
        if where != field:
            return ""
        values = {
            name: day_year(value, language) if isinstance(value, date) else value
            for name, value in self.refused.values.items()
        }
        words = say(language)(self.refused.words)
        return words % values if values else words


def places(call: CustomerCall) -> tuple[SuppliedHere, ...]:
    """Every agreement of the customer's own accounts."""
    return call.once(loads.in_view).supplied


def followed(one: SuppliedHere, mine: Sequence[SuppliedHere]) -> SuppliedHere | None:
    """The agreement that takes a place over from another of the same account, without a day between."""
    return next(
        (
            after
            for after in mine
            if (after.account_id, after.service_point_id, after.starts_on)
            == (one.account_id, one.service_point_id, one.ends_before)
        ),
        None,
    )


def supply_answer(call: CustomerCall) -> Answer:
    """The tariff they are on, or how many places are supplied."""
    _ = say(call.language)
    mine = call.once(places)
    now = [one for one in mine if one.starts_on <= call.today and one.runs_on(call.today)]
    if len(now) > 1:
        return Answer(_("%(count)s places", count=len(now)))
    if now:
        ends, after = now[0].last_on, followed(now[0], mine)
        if after is not None:
            day = day_year(after.starts_on, call.language)
            return Answer(now[0].tariff, _("then %(tariff)s, from %(day)s", tariff=after.tariff, day=day))
        if ends is not None:
            return Answer(now[0].tariff, _("until %(day)s", day=day_year(ends, call.language)), "warn")
        return Answer(now[0].tariff, _("since %(day)s", day=day_year(now[0].starts_on, call.language)))
    to_come = [one for one in mine if one.starts_on > call.today]
    if to_come:
        return Answer(
            to_come[-1].tariff, _("from %(day)s", day=day_year(to_come[-1].starts_on, call.language))
        )
    return Answer(_("Nothing"))


def supply_sheet(call: CustomerCall) -> Sheet:
    """The places, what was told of them, and the plan asked for."""
    mine = call.once(places)
    accounts = [one for one in call.once(loads.accounts) if one.holds]
    tariffs = all_tariffs(call.session, call.today) if accounts else []
    _ = say(call.language)
    asked = asked_of(call, mine, tariffs)
    return Sheet(
        "billing/supply.html",
        {
            "places": mine,
            "running": [one for one in mine if one.starts_on <= call.today and one.runs_on(call.today)],
            "to_come": [one for one in mine if one.starts_on > call.today],
            "after": {one.id: after for one in mine if (after := followed(one, mine))},
            "before": {after.id: one for one in mine if (after := followed(one, mine))},
            "slips": slips(call),
            "taken_over": {after.id for one in mine if (after := followed(one, mine))},
            "several_accounts": len(accounts) > 1,
            "account_choices": [(one.number, one.number) for one in accounts],
            "reasons": [(key, _(words)) for key, words in REASONS.items()],
            "reason_words": {key: _(words) for key, words in {**REASONS, **_PAST}.items()},
            "tariffs": tariffs,
            "asked": asked,
            "doubt": _doubt(call, asked),
            "told": [(one, change_words(one, call.language)) for one in call.once(changes)],
            **change_context(call, asked),
        },
    )


def slips(call: CustomerCall) -> frozenset[int]:
    """Agreements that have begun and can be taken back all the same: as `taking_back` says."""
    fresh = {
        one.next_agreement_id
        for one in call.once(changes)
        if one.told_at is not None and not one.taken_back and call.now - one.told_at < SLIP
    }
    bills = call.once(loads.bills)
    return frozenset(
        one.id
        for one in call.once(places)
        if one.id in fresh
        and one.ends_before is None
        and not any(bill.account_id == one.account_id and bill.ends_before > one.starts_on for bill in bills)
    )


def _doubt(call: CustomerCall, asked: Asked | None) -> str:
    """What is to be said of the planned day where it is likely a slip."""
    if asked is None or asked.plan is None:
        return ""
    day = asked.plan.last_on if isinstance(asked.plan, MoveOutPlan) else asked.plan.starts_on
    return far_words(KINDS[asked.act], day, call.today, call.language)


KINDS: dict[str, Kind] = {"out": "end", "tariff": "tariff", "in": "begin"}


def change_context(call: CustomerCall, asked: Asked | None) -> dict[str, Any]:
    """Of another tariff: which there are, what it would have cost, and what ends with the one before."""
    context: dict[str, Any] = {
        "fitting": [], "unfit": [], "verdicts": VERDICTS, "money": None, "advice": "", "endings": [],
        "chosen_unfit": "",
    }  # fmt: skip
    _ = say(call.language)
    if asked is not None and isinstance(asked.plan, MoveInPlan):
        plan = asked.plan
        found = tariff_choices(call.session, plan.account_id, plan.service_point_id, plan.starts_on)
        unfit = (_unfit(_, one) for one in found if one.code == asked.given["tariff"] and not one.fits)
        return {**context, "chosen_unfit": next(unfit, "")}
    if asked is None or asked.act != "tariff" or asked.here is None:
        return context
    here = asked.here
    on = call.today if asked.plan is None else asked.plan.starts_on  # type: ignore[union-attr]
    choices = [
        one
        for one in tariff_choices(call.session, here.account_id, here.service_point_id, on)
        if one.id != here.tariff_id
    ]
    context["fitting"] = [(one.code, one.name) for one in choices if one.fits]
    context["unfit"] = [(one.name, _unfit(_, one)) for one in choices if not one.fits]
    if not isinstance(asked.plan, ChangePlan):
        return context
    bills = [
        bill
        for bill in call.once(loads.bills)
        if bill.account_id == here.account_id and bill.status == "issued"
    ]
    money = change_money(call.session, bills[:MONTHS], asked.given["tariff"], call.today)
    old = tariffs_by_id(call.session, [here.tariff_id])[here.tariff_id]
    day = day_year(asked.plan.starts_on - timedelta(days=1), call.language)
    return {
        **context,
        "money": money,
        "advice": sentence(money, call.language) if money and money.others else "",
        "endings": [_(ENDINGS[key]) % {"day": day} for key in endings(old, here.kind, asked.plan.starts_on)],
        "chosen_unfit": next(
            (_unfit(_, one) for one in choices if one.code == asked.given["tariff"] and not one.fits), ""
        ),
    }


def _unfit(_: Say, choice: TariffChoice) -> str:
    """The first reason why a tariff cannot be."""
    reason = choice.unfit[0]
    words = {name: _(NAMED.get(value, value)) for name, value in reason.named.items()}
    if "segments" in words:
        words["segments"] = ", ".join(_(NAMED.get(one, one)) for one in reason.named["segments"].split())
    return _(UNFIT[reason.code]) % {"tariff": choice.name, **words}


NAMED: dict[str, str] = {
    "household": mark("households"),
    "small_business": mark("small businesses"),
    "industry": mark("industry"),
    "electricity": mark("electricity"),
    "gas": mark("gas"),
    "water": mark("water"),
}
"""Words of data in sentences."""


_PAST = {"changed_tariff": mark("another tariff")}


def asked_of(call: CustomerCall, mine: tuple[SuppliedHere, ...], tariffs: list[TariffRow]) -> Asked | None:
    """What the page's parameters ask to plan, planned as far as it can be."""
    act = call.params.get("act", "")
    if act not in ACTS:
        return None
    names = ("agreement", "last_on", "reason", "tariff", "from", "account", "point")
    given = {name: call.params.get(name, "").strip() for name in names}
    here = next((one for one in mine if str(one.id) == given["agreement"]), None)
    if act != "in" and here is None:
        return None
    asked = Asked(act, here, given)
    if act == "back":
        return asked
    ready = {"out": ("last_on",), "tariff": ("tariff", "from"), "in": ("point", "tariff", "from")}[act]
    if not all(given[name] for name in ready):
        return asked
    try:
        return Asked(act, here, given, _plan(call, act, here, mine, tariffs, given))
    except CareError as refused:
        return Asked(act, here, given, refused=refused)


def _plan(
    call: CustomerCall,
    act: str,
    here: SuppliedHere | None,
    mine: tuple[SuppliedHere, ...],
    tariffs: list[TariffRow],
    given: dict[str, str],
) -> MoveOutPlan | ChangePlan | MoveInPlan:
    if act == "out":
        assert here is not None
        return plan_move_out(call.session, here, mine, read_day(given["last_on"], "last_on"), call.today)
    starts_on, tariff = read_day(given["from"], "from"), _tariff(tariffs, given["tariff"])
    if act == "tariff":
        assert here is not None
        return plan_change(call.session, here, tariff.id, tariff.name, starts_on)
    accounts = [one for one in call.once(loads.accounts) if one.holds]
    account = next(
        (one for one in accounts if one.number == given["account"]), accounts[0] if accounts else None
    )
    if account is None:
        raise NotFound("account", mark("This customer has no account."))
    return plan_move_in(
        call.session, account.id, account.number, account.cycle_day, given["point"], tariff.name, starts_on
    )


def _tariff(tariffs: list[TariffRow], code: str) -> TariffRow:
    found = next((one for one in tariffs if one.code == code), None)
    if found is None:
        raise NotFound("tariff", mark("There is no tariff %(tariff)s."), "tariff", tariff=code)
    return found


def read_day(text: str, field: str) -> date:
    """A date as a form gives it. Raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        words = mark("“%(typed)s” is no day such as 2026-11-20.")
        raise Invalid("day", words, field, typed=text) from error


QUESTION = Question("supply", mark("What do we supply?"), 22, supply_answer, supply_sheet)
