"""The room of dunning: who is where and why, and what a person orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.domain.dunning.deciding import Decision, decide
from billing.domain.dunning.ordering import Check
from billing.domain.dunning.strategy import Strategy
from billing.dunning.acting import QUIET
from billing.dunning.lines import Line, lines_of
from billing.dunning.loading import LateAccount, late_accounts, strategies
from billing.dunning.ordering import checks_of, end_order, order, record_delivery
from billing.dunning.words import order_words, reason_words, rule_words, step_words
from billing.queries.late_fees import Jurisdiction
from billing.wording import say
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.web.formats import money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/billing/dunning"
ASKED = ("queue", "steps", "stopped", "restore", "rules")
OPENS = ("queue", "restore", "stopped", "steps")
"""What the room opens with, most pressing first."""
SHOWN = 200
"""Rows of a table; the accounts with the largest debts come first."""


@dataclass(frozen=True, slots=True)
class Row:
    """A late account with what is decided about it today."""

    late: LateAccount
    decision: Decision

    @property
    def step(self) -> str:
        """The last step that stands."""
        posted = self.late.standing.posted
        return posted[-1].step if posted else ""

    @property
    def waits(self) -> bool:
        """A person has to decide: handed over, and not ordered yet."""
        return self.late.handed_over and not (self.late.limited_on or self.late.suspended_on)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One account in full: the rules of each order, and what happened so far."""

    row: Row
    orders: tuple[tuple[str, tuple[Check, ...]], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class DunningRoom:
    """What each question shows; `asked`: the rows of the one that is asked."""

    rows: tuple[Row, ...]
    asked: tuple[Row, ...]
    strategies: tuple[Strategy, ...]
    chosen: Chosen | None

    def of(self, ask: str) -> int:
        return len(rows_of(self.rows, ask))

    @property
    def by_step(self) -> Counter[str]:
        return Counter(row.step for row in self.rows)

    @property
    def by_reason(self) -> Counter[str]:
        return Counter(row.decision.reason for row in rows_of(self.rows, "stopped"))


def rows_of(rows: tuple[Row, ...], ask: str) -> tuple[Row, ...]:
    """Those that a question is about."""
    held = QUIET | {"not_delivered", "norm_unknown", "below_norm", "small"}
    keeps: dict[str, Callable[[Row], bool]] = {
        "queue": lambda row: row.waits,
        "steps": lambda row: bool(row.step),
        "stopped": lambda row: row.decision.reason in held,
        "restore": lambda row: bool(row.late.limited_on or row.late.suspended_on),
    }
    return tuple(row for row in rows if keeps[ask](row)) if ask in keeps else ()


def dunning_room(v: Visit, ask: str, account: str) -> DunningRoom:
    """Three statements at most, and one an area whose weather a rule asks for."""
    found = late_accounts(v.session, v.today, Jurisdiction.of(settings()))
    rows = tuple(
        Row(one, decide(one.version, one.standing, v.today)) for one in found if one.version is not None
    )
    rows = tuple(sorted(rows, key=lambda row: -row.late.standing.late_minor))
    chosen = next((row for row in rows if row.late.number == account), None)
    return DunningRoom(
        rows,
        rows_of(rows, ask)[:SHOWN],
        strategies(v.session) if ask == "rules" else (),
        _chosen(v, chosen, v.today) if chosen else None,
    )


def _chosen(v: Visit, row: Row, today: date) -> Chosen:
    late = row.late
    assert late.version is not None
    orders = () if late.suspended_on else tuple(
        (one.order, checks_of(late, one.order, today))
        for one in late.version.orders
        if not (one.order == "limitation" and late.limited_on)
    )  # fmt: skip
    lines = lines_of(v.session, [late.case_id]) if late.case_id is not None else ()
    return Chosen(row, orders, lines)


@router.get("/billing/dunning")
def dunning(request: Request, ask: str = "", account: str = "") -> Response:
    """Who waits for a person, who is at which step, what is stopped, what to restore, and the rules; unasked,
    the first of them that has somebody."""
    with visit(request, "dunning.read") as v:
        return _page(v, ask, account)


@router.post("/billing/dunning/{account}/order")
def ordered(request: Request, account: str, posted: Posting) -> Response:
    """Order supply limited or suspended, after every rule was looked at."""
    with visit(request, "dunning.run") as v:
        _, back = say(v.user.language), f"{PATH}?account={account}"
        late = _late(v, account)
        kind = posted.text("kind")

        def act() -> Response:
            kind_given = posted.one_of("kind", ("limitation", "suspension"))
            reason = posted.must("reason", mark("An order needs a reason."))
            owed = money(late.standing.debt_minor, late.currency, v.user.language)
            doubt = _(
                "%(what)s: supply of account %(account)s, for a debt of %(amount)s.",
                what=order_words(kind_given.value, v.user.language), account=account, amount=owed,
            )  # fmt: skip
            checks = checks_of(late, kind_given.value, v.today)
            confirmed = {check.name for check in checks if posted.text(f"confirm_{check.name}")}
            order(v.session, late, kind_given.value, reason.value, confirmed, today=v.today, by=v.user.id,
                  now=v.now)  # fmt: skip
            posted.sure(doubt, do=_("Order it"))
            words = _("%(what)s is ordered for account %(account)s.",
                      what=order_words(kind_given.value, v.user.language), account=account)  # fmt: skip
            return v.done(words, PATH, account=account)

        return handled(v, posted, f"order-{kind}", act, partial(_page, v, "queue", account), back=back)


@router.post("/billing/dunning/{account}/end")
def ended(request: Request, account: str, posted: Posting) -> Response:
    """Take an order back, or say that supply was restored."""
    with visit(request, "dunning.run") as v:
        _, back = say(v.user.language), f"{PATH}?account={account}"

        def act() -> Response:
            how = posted.one_of("how", ("taken_back", "restored"))
            reason = posted.must("reason", mark("Say why."))
            end_order(v.session, _late(v, account), how.value, reason.value, today=v.today, by=v.user.id)
            return v.done(_("Kept: supply of account %(account)s is as before.", account=account), PATH,
                          account=account)  # fmt: skip

        return handled(v, posted, "end", act, partial(_page, v, "queue", account), back=back)


@router.post("/billing/dunning/{account}/delivered")
def delivered(request: Request, account: str, posted: Posting) -> Response:
    """A notice was handed over, as somebody saw."""
    with visit(request, "dunning.read") as v:
        _, back = say(v.user.language), f"{PATH}?account={account}"

        def act() -> Response:
            step = posted.field("step", lambda typed: _step_of(v, account, typed))
            on = posted.day("delivered_on")
            how = posted.must("how", mark("Say how it was delivered."))
            record_delivery(v.session, step.value, on.value, how.value, today=v.today, by=v.user.id)
            return v.done(_("Kept: the notice was delivered."), PATH, account=account)

        name = f"delivered-{posted.text('step')}"
        return handled(v, posted, name, act, partial(_page, v, "queue", account), back=back)


def _step_of(v: Visit, account: str, typed: str) -> int:
    found = next((one.id for one in _late(v, account).steps if str(one.id) == typed and one.notice_key), None)
    if found is None:
        raise Invalid("step", mark("There is no such notice."), "step")
    return found


def _late(v: Visit, number: str) -> LateAccount:
    law = Jurisdiction.of(settings())
    found = (one for one in late_accounts(v.session, v.today, law) if one.number == number)
    one = next(found, None)
    if one is None or one.version is None:
        raise NotFound("account", mark("This account has no case of dunning."), number)
    return one


def _page(v: Visit, ask: str, account: str) -> Response:
    language = v.user.language
    page = dunning_room(v, ask, account)
    if ask not in ASKED:
        ask = "queue" if account else next((one for one in OPENS if page.of(one)), "queue")
        page = replace(page, asked=rows_of(page.rows, ask)[:SHOWN])
    return v.render(
        "billing/dunning.html",
        page=page,
        ask=ask,
        can=v.user.may("dunning.run"),
        shown=SHOWN,
        step_words=partial(step_words, language=language),
        reason_words=partial(reason_words, language=language),
        rule_words=partial(rule_words, language=language),
        order_words=partial(order_words, language=language),
    )
