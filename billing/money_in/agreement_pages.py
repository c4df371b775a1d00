"""What is agreed on the telephone: a promise, a plan; forms of the question what is owed."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.agreeing import agree_plan, cancel_plan, plan_of, take_promise
from billing.actions.judging import judge_agreed
from billing.actions.promises import take_back_promise
from billing.domain.accounts.instalments import MOST
from billing.money_in.telephone import account_of, all_agreed, owe_page, theirs
from billing.money_in.typed import typed_minor
from billing.queries.accounts import AccountStanding, standing
from billing.queries.dunning import PlanRow, agreed_on
from billing.wording import say
from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import Conflict
from utility_crm.web.formats import day, money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
ASKED = ("owe", "parts")
"""Questions whose sheets agree on plans."""


@router.post("/customers/{customer_id}/promises")
def promise(request: Request, customer_id: int, posted: Posting) -> Response:
    """Keep what the customer promises to pay."""
    with visit(request, "money.arrange") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            one = account_of(v, customer_id, posted.text("account"))
            amount = posted.field(
                "amount", partial(typed_minor, currency=one.currency, language=v.user.language)
            )
            due_on = posted.day("due_on")
            named = {
                "amount": money(amount.value, one.currency, v.user.language),
                "day": day(due_on.value, v.user.language),
            }
            same = (one.id, amount.value, due_on.value)
            for known in agreed_on(v.session, [one.id]).promised:
                if (known.account_id, known.amount_minor, known.due_on) == same:
                    words = _("This promise is noted already.")
                    return v.done(words, path, nothing=True, ask="owe")
            # First what refuses it, then what is doubtful: nobody is asked about what cannot be.
            judge_agreed(v.session, v.today, [one.id])  # one whose day has passed stands in nobody's way
            take_promise(v.session, one.id, amount.value, due_on.value, today=v.today, by=v.user.id)
            posted.sure(_more_than_owed(v, one, amount.value), do=_("Keep it all the same"))
            words = _("Promise of %(amount)s by %(day)s noted; nobody is reminded of it until then.", **named)
            return v.done(words, path, ask="owe")

        return handled(v, posted, "promise", act, lambda: owe_page(v, customer_id), back=f"{path}?ask=owe")


@router.post("/customers/{customer_id}/promises/{promise_id}/back")
def promise_back(request: Request, customer_id: int, promise_id: int, posted: Posting) -> Response:
    """Take a promise back, or make room for another; asked back, since reminders begin again."""
    with visit(request, "money.arrange") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            words = mark("This customer has no such promise.")
            found = theirs(all_agreed(v, customer_id).promises, promise_id, words)
            one = next(a for a in standing(v.session, customer_id, v.today) if a.id == found.account_id)
            because = posted.must("because", mark("Say why it is taken back."))
            posted.check()
            named = {
                "amount": money(found.amount_minor, one.currency, v.user.language),
                "day": day(found.due_on, v.user.language),
            }
            take_back_promise(
                v.session, promise_id, because.value, today=v.today, now=v.now, by=v.user.id
            )  # fmt: skip
            doubt = _(
                "The promise of %(amount)s by %(day)s counts no more; they are reminded again.", **named
            )
            posted.sure(doubt, do=_("Take the promise back"))
            said = _("Promise of %(amount)s by %(day)s taken back", **named)
            return v.done(f"{said}.", path, ask="owe")

        page = partial(owe_page, v, customer_id)
        return handled(v, posted, f"promise-{promise_id}", act, page, back=f"{path}?ask=owe")


def _more_than_owed(v: Visit, one: AccountStanding, amount_minor: int) -> str:
    owed = max(one.balance_minor, 0)
    if amount_minor <= owed:
        return ""
    _ = say(v.user.language)
    shown = {"amount": amount_minor, "owed": owed, "more": amount_minor - owed}
    return _(
        "They owe %(owed)s on account %(account)s: a promise of %(amount)s is %(more)s more than that.",
        account=one.number,
        **{name: money(minor, one.currency, v.user.language) for name, minor in shown.items()},
    )


@router.post("/customers/{customer_id}/plans")
def plan(request: Request, customer_id: int, posted: Posting) -> Response:
    """Agree that what is open is paid in parts, as it was shown before."""
    with visit(request, "money.arrange") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"
        ask = posted.text("ask") if posted.text("ask") in ASKED else ASKED[0]

        def act() -> Response:
            one = account_of(v, customer_id, posted.text("account"))
            count, first_on = posted.whole("count", 2, MOST), posted.day("first_on")
            posted.check()
            running = running_plan(v, one)
            if running is not None:
                words = mark("A plan runs on account %(account)s already: %(paid)s of its %(total)s is paid.")
                raise Conflict("plan", words, None, account=one.number, **plan_money(v, one, running))
            parts = plan_of(v.session, one.id, count.value, first_on.value, v.today)
            total = sum(part.amount_minor for part in parts)
            posted.sure(_other_total(v, one, posted.text("total"), total), do=_("Agree on it all the same"))
            judge_agreed(v.session, v.today, [one.id])
            agree_plan(v.session, one.id, count.value, first_on.value, today=v.today, by=v.user.id)
            words = _(
                "Plan of %(count)s parts agreed: %(total)s, the first %(first)s by %(day)s.",
                count=len(parts),
                total=money(total, one.currency, v.user.language),
                first=money(parts[0].amount_minor, one.currency, v.user.language),
                day=day(parts[0].due_on, v.user.language),
            )
            return v.done(words, path, ask="owe")

        given = {"account": posted.text("account"), "first_on": posted.text("first_on")}
        given |= {"count": posted.text("count"), "parts": posted.text("count")}
        page = partial(customer_page, v, customer_id, ask, params=given)
        return handled(v, posted, "plan", act, page, back=f"{path}?ask={ask}")


def _other_total(v: Visit, one: AccountStanding, shown: str, total_minor: int) -> str:
    """What was shown when it was agreed, where something was paid or billed since."""
    if not shown or shown == str(total_minor) or not shown.isdecimal() or len(shown) > 12:
        return ""
    _ = say(v.user.language)
    return _(
        "%(now)s is open now, no longer %(then)s: the parts are others than those you saw.",
        now=money(total_minor, one.currency, v.user.language),
        then=money(int(shown), one.currency, v.user.language),
    )


@router.post("/customers/{customer_id}/plans/{plan_id}/cancel")
def cancel(request: Request, customer_id: int, plan_id: int, posted: Posting) -> Response:
    """End a plan of the customer; asked back, since reminders begin again."""
    with visit(request, "money.arrange") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"
        ask = posted.text("ask") if posted.text("ask") in ASKED else ASKED[0]

        def act() -> Response:
            found = theirs(all_agreed(v, customer_id).plans, plan_id, mark("This customer has no such plan."))
            one = next(a for a in standing(v.session, customer_id, v.today) if a.id == found.account_id)
            named = plan_money(v, one, found)
            if found.state == "cancelled":
                return v.done(_("This plan has ended already."), path, nothing=True, ask=ask)
            if found.state == "running":
                posted.sure(_once_ended(v, one, found), do=_("End the plan"))
            cancel_plan(v.session, plan_id, v.today)
            words = _("The plan has ended: %(paid)s of its %(total)s was paid, %(rest)s is due as billed.")
            return v.done(words % named, path, ask=ask)

        page = partial(customer_page, v, customer_id, ask, params={})
        return handled(v, posted, f"plan-{plan_id}", act, page, back=f"{path}?ask={ask}")


def _once_ended(v: Visit, one: AccountStanding, found: PlanRow) -> str:
    _, named = say(v.user.language), plan_money(v, one, found)
    words = _("%(paid)s of the plan's %(total)s is paid. Once it ends, %(rest)s is due as billed.") % named
    if one.overdue_minor:
        late = money(one.overdue_minor, one.currency, v.user.language)
        more = _("%(late)s is late, and they are reminded of it again.", late=late)
        return f"{words} {more}"
    return words


def running_plan(v: Visit, one: AccountStanding) -> PlanRow | None:
    """The plan that runs on an account."""
    return next(iter(agreed_on(v.session, [one.id]).running), None)


def plan_money(v: Visit, one: AccountStanding, found: PlanRow) -> dict[str, str]:
    """A plan's total, what is paid of it and the rest, as people read them."""
    minor = {"total": found.total_minor, "paid": found.paid_minor}
    minor["rest"] = found.total_minor - found.paid_minor
    return {name: money(value, one.currency, v.user.language) for name, value in minor.items()}
