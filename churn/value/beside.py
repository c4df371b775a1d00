"""The customer page's part of value: what to do next and why, for whoever speaks with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from churn.campaigns.audience import WHY_NOT
from churn.value.points import POINTS, PointRow, redeemable_accounts, worth_of
from churn.value.words import DISPUTE, PACKAGE, STEP_TONES, STEP_WORDS, reason_said
from utility_crm.kit.gathering import Gather, listed
from utility_crm.kit.parts import Act, CustomerCall, CustomerRoom, SideSection, Todo, Tone
from utility_crm.kit.settings import settings
from utility_crm.kit.together import together
from utility_crm.web.formats import day, money, number
from utility_crm.web.words import mark, translator

SEES_MONEY = "leavers.read"


@dataclass(frozen=True, slots=True)
class Next:
    """The customer's next step as the last count has it, unless by now they must not be asked. offer: its
    name; day: of the count, or today."""

    step: str
    reason: str
    offer: str
    at_stake_minor: int | None
    saved_minor: int | None
    currency: str
    day: date


NEXT = listed(
    f"""
    select case when n.why = '' then v.step when n.why = 'died' then 'alone' else 'care' end,
           case when n.why = '' then v.reason else n.why end,
           case when n.why = '' then coalesce(k.name, v.offer) else '' end, v.at_stake_minor,
           case when n.why = '' then v.saved_minor end, d.currency,
           case when n.why = '' then d.day else cast(:today as date) end
    from customer_values v
    join customers c on c.id = v.customer_id
    cross join lateral (
        select coalesce(nullif({WHY_NOT}, ''), case when exists (
            select from disputes x join accounts a on a.id = x.account_id
            where a.customer_id = c.id and x.state = 'open') then '{DISPUTE}' else '' end) as why) n
    cross join lateral (select currency, day from value_days order by day desc limit 1) d
    left join campaigns k on k.code = v.offer and v.offer <> ''
    where v.customer_id = :customer
    """,
    Next,
)
"""Who complained since the count is not to be offered anything: why they must not be asked is asked anew."""
KNOWN = Gather((NEXT, POINTS), lambda call: {"customer": call.customer_id, "today": call.today})


def found(call: CustomerCall) -> Next | None:
    """Their next step, once a page."""
    rows, _points = together(call, KNOWN)
    return Next(*rows[0]) if rows else None


def points(call: CustomerCall) -> list[PointRow]:
    """Their loyalty points as they came and went, the newest first, once a page."""
    _next, rows = together(call, KNOWN)
    return [PointRow(*row) for row in rows]


def sections(call: CustomerCall) -> Sequence[SideSection]:
    """One line: what, and why; what is at stake to those who may see it."""
    one, mine = call.once(found), call.once(points)
    _: Any = translator(call.language, PACKAGE)
    held = number(sum(row.points for row in mine), 0, call.language)
    has = Todo(_("Loyalty points"), href=f"/customers/{call.customer_id}?do=z", amount=held, order=70)
    if one is None:
        return (SideSection(_("Loyalty points"), (has,), order=42),) if mine else ()
    title = _("Next: %(step)s", step=_(STEP_WORDS[one.step]))
    tone: Tone = STEP_TONES[one.step] if one.step == "care" else ""
    why = reason_said(one.reason, call.language)
    items = [Todo(one.offer or why, why if one.offer else _as_of(_, one, call), tone=tone)]
    if call.viewer is not None and call.viewer.may(SEES_MONEY) and one.at_stake_minor is not None:
        saves = (
            _("saves %(amount)s", amount=money(one.saved_minor, one.currency, call.language))
            if one.saved_minor is not None
            else ""
        )
        items.append(
            Todo(
                _("At stake"), saves, amount=money(one.at_stake_minor, one.currency, call.language), order=60
            )
        )
    if mine:
        items.append(has)
    return (SideSection(title, tuple(items), order=41),)


def panel(call: CustomerCall) -> Mapping[str, Any]:
    """Their points, what they are worth, and the accounts they can be credited to."""
    rows = call.once(points)
    balance = sum(row.points for row in rows)
    return {
        "rows": rows, "balance": balance, "each": settings().point_worth_micro, "whole": worth_of(balance),
        "accounts": [(one, one) for _key, one in redeemable_accounts(call.session, call.customer_id)],
        "currency": settings().currency,
    }  # fmt: skip


def _as_of(_: Any, one: Next, call: CustomerCall) -> str:
    return str(_("as of %(day)s", day=day(one.day, call.language)))


ROOM = CustomerRoom(
    gathers=(KNOWN,),
    sections=sections,
    acts=(
        Act(
            "z", mark("Points"), "money.arrange", "value/act_points.html", order=56, context=panel,
            applies=lambda call: bool(call.once(points)),
        ),
    ),
)  # fmt: skip
