"""Balances of another system held against ours: nothing is written, every difference is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from billing.brought.fields import BALANCE_FIELDS
from billing.brought.payments import PARTS, currency_of, minor_in
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from utility_crm.records.domain.sums import Money
from utility_crm.records.kinds import Kind, Made, Refusal, Row, Taking, whose
from utility_crm.web.words import mark

DIFFERS = mark("Theirs is %(theirs)s, ours %(ours)s: %(difference)s %(currency)s apart.")
CURRENCY = mark("The account is in %(account)s, the balance in %(currency)s.")
NOT_LISTED = mark("Accounts with a balance here that the file does not have")
_BALANCES = text("""
    select a.id, coalesce(b.balance_minor, 0) as minor
    from accounts a left join account_balances b on b.account_id = a.id where a.id = any(:ids)
""")
_SEEN = (
    "create temporary table if not exists seen_balances (import_id bigint, account_id bigint, currency text)"
)
_NOT_LISTED = text("""
    select a.number, count(*) over () as found from account_balances b join accounts a on a.id = b.account_id
    where b.balance_minor <> 0 and not exists (
        select from seen_balances s where s.import_id = :import and s.account_id = b.account_id)
    order by abs(b.balance_minor) desc, a.number limit 20
""")
_OURS = text("""
    select s.currency, count(*) as rows, coalesce(sum(b.balance_minor), 0) as minor from seen_balances s
    left join account_balances b on b.account_id = s.account_id where s.import_id = :import group by 1
""")


def _money(values: Mapping[str, Any], taking: Taking) -> Money | None:
    amount = values.get("balance")
    currency = currency_of(values, taking)
    minor = minor_in(amount, currency) if amount is not None else None
    return None if minor is None else Money(currency, "", minor)


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    """The same is the same; a balance that differs is refused with both."""
    people, refused = whose(taking, rows)
    ids = [one.account_id for one in people.values()]
    ours = {row.id: int(row.minor) for row in taking.session.execute(_BALANCES, {"ids": ids})}
    seen = []
    for row in rows:
        who = people.get(row.line)
        if who is None or who.account_id is None:
            continue
        currency = currency_of(row.values, taking)
        if currency != who.currency:
            figures: dict[str, Any] = {"account": who.currency, "currency": currency}
            refused.append(Refusal(row.line, "currency", "currency", CURRENCY, currency, figures))
            continue
        seen.append({"import": taking.import_id, "account": who.account_id, "currency": currency})
        wrong = _differs(row, currency, ours[who.account_id])
        if wrong is not None:
            refused.append(wrong)
    taking.session.execute(text(_SEEN))
    if seen:
        taking.session.execute(text("insert into seen_balances values (:import, :account, :currency)"), seen)
    return Made({}, refused)


def _differs(row: Row, currency: str, ours: int) -> Refusal | None:
    told, decimals = row.values["balance"], default_decimals(currency)
    theirs = minor_in(told, currency)
    if theirs is None:
        return Refusal(
            row.line, "balance", "parts", PARTS, str(told), {"value": str(told), "currency": currency}
        )
    if theirs == ours:
        return None
    figures = {
        "theirs": amount_text(theirs, decimals), "ours": amount_text(ours, decimals),
        "difference": amount_text(ours - theirs, decimals), "currency": currency,
    }  # fmt: skip
    return Refusal(row.line, "balance", "differs", DIFFERS, str(told), figures)


def _booked(taking: Taking) -> Mapping[tuple[str, str], tuple[int, int]]:
    taking.session.execute(text(_SEEN))
    rows = taking.session.execute(_OURS, {"import": taking.import_id})
    return {(row.currency, ""): (row.rows, int(row.minor)) for row in rows}


def _missing(taking: Taking) -> Sequence[Mapping[str, Any]]:
    taking.session.execute(text(_SEEN))
    rows = taking.session.execute(_NOT_LISTED, {"import": taking.import_id}).all()
    taking.session.execute(text("drop table seen_balances"))
    if not rows:
        return []
    return [{"words": NOT_LISTED, "count": rows[0].found, "first": [row.number for row in rows]}]


BALANCES = Kind(
    name="balances", title=mark("Balances to compare"), thing=mark("balance"), order=60,
    fields=BALANCE_FIELDS, make=_make, money=_money, booked=_booked, missing=_missing, compares=True,
    room="billing", key="account",
)  # fmt: skip
