"""What do we supply? The places of a customer, and what ending, beginning or changing a supply would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

from billing.actions.agreements import EndReason
from billing.customer import loads
from billing.life.previews import (
    ChangePlan,
    MoveInPlan,
    MoveOutPlan,
    SuppliedHere,
    plan_change,
    plan_move_in,
    plan_move_out,
    supplied_here,
)
from billing.queries.tariffs import TariffRow, all_tariffs
from billing.wording import say
from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.kit.module import Answer, CustomerCall, Question, Sheet
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
ACTS = ("out", "tariff", "in")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked to plan, as typed, and the plan or why there is none."""

    act: str
    here: SuppliedHere | None
    given: dict[str, str]
    plan: MoveOutPlan | ChangePlan | MoveInPlan | None = None
    refused: CareError | None = None


def places(call: CustomerCall) -> tuple[SuppliedHere, ...]:
    """Every agreement of the customer's own accounts."""
    return supplied_here(call.session, call.customer_id, call.today)


def supply_answer(call: CustomerCall) -> Answer:
    """The tariff they are on, or how many places are supplied."""
    _ = say(call.language)
    mine = call.once(places)
    now = [one for one in mine if one.starts_on <= call.today and one.runs_on(call.today)]
    if len(now) > 1:
        return Answer(_("%(count)s places", count=len(now)))
    if now:
        ends = now[0].last_on
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
    """The places, and the plan asked for."""
    mine = call.once(places)
    accounts = [one for one in call.once(loads.accounts) if one.holds]
    tariffs = all_tariffs(call.session, call.today) if accounts else []
    _ = say(call.language)
    return Sheet(
        "billing/supply.html",
        {
            "places": mine,
            "running": [one for one in mine if one.starts_on <= call.today and one.runs_on(call.today)],
            "to_come": [one for one in mine if one.starts_on > call.today],
            "several_accounts": len(accounts) > 1,
            "account_choices": [(one.number, one.number) for one in accounts],
            "reasons": [(key, _(words)) for key, words in REASONS.items()],
            "reason_words": {key: _(words) for key, words in {**REASONS, **_PAST}.items()},
            "tariffs": tariffs,
            "asked": _asked(call, mine, tariffs),
            "done": call.params.get("done", ""),
        },
    )


_PAST = {"changed_tariff": mark("another tariff")}


def _asked(call: CustomerCall, mine: tuple[SuppliedHere, ...], tariffs: list[TariffRow]) -> Asked | None:
    act = call.params.get("act", "")
    if act not in ACTS:
        return None
    names = ("agreement", "last_on", "reason", "tariff", "from", "account", "point")
    given = {name: call.params.get(name, "").strip() for name in names}
    here = next((one for one in mine if str(one.id) == given["agreement"]), None)
    if act != "in" and here is None:
        return None
    asked = Asked(act, here, given)
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
        raise NotFound("account", "This customer has no account.")
    return plan_move_in(
        call.session, account.id, account.number, account.cycle_day, given["point"], tariff.name, starts_on
    )


def _tariff(tariffs: list[TariffRow], code: str) -> TariffRow:
    found = next((one for one in tariffs if one.code == code), None)
    if found is None:
        raise NotFound("tariff", f"There is no tariff {code}.", code)
    return found


def read_day(text: str, field: str) -> date:
    """A date as a form gives it. Raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("day", f"“{text}” is no date such as 2026-11-20.", field) from error


QUESTION = Question("supply", mark("What do we supply?"), 22, supply_answer, supply_sheet)
