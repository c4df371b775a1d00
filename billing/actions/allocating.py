"""What pays what: a bill, payment or adjustment in the customer's favour, set against one that is owed.

Rows are only ever added; taking back is a row of the negative amount. What is open of each follows by a
trigger of the database, whose constraints forbid that more is allocated than there is. Callers have locked
the accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.queries.agreed_paid import PLANNED
from billing.tables import Allocation
from utility_crm.kit.errors import Conflict
from utility_crm.web.words import mark

Kind = Literal["bill", "payment", "adjustment"]


@dataclass(frozen=True, slots=True)
class Item:
    """A bill, a payment or an adjustment, by id."""

    kind: Kind
    id: int


# Money given back first, then what a running plan is for, then the rest, at last what is disputed.
_SINKS = f"""
    select b.account_id, b.id as bill, null::bigint as adjustment, null::bigint as payment,
           part.amount, part.turn, b.due_on as due
    from bills b
    left join ({PLANNED} where g.state = 'running' and g.account_id = any(:accounts)) t on t.bill_id = b.id
    left join disputes d on d.bill_id = b.id and d.state = 'open'
    cross join lateral (select coalesce(t.left_minor, 0) as planned) m
    cross join lateral (select least(b.open_minor - m.planned, coalesce(d.amount_minor, 0)) as disputed) n
    cross join lateral (values (1, m.planned), (2, b.open_minor - m.planned - n.disputed), (3, n.disputed))
        as part(turn, amount)
    where b.account_id = any(:accounts) and b.open_minor > 0 and part.amount > 0
    union all select account_id, null, id, null, open_minor, 2, posted_on
    from adjustments where account_id = any(:accounts) and open_minor > 0
    union all select account_id, null, null, id, -open_minor, 0, cast(received_at as date)
    from payments where account_id = any(:accounts) and open_minor < 0
"""
_SOURCES = """
    select account_id, null::bigint as bill, null::bigint as adjustment, id as payment,
           open_minor as amount, cast(received_at as date) as since
    from payments where account_id = any(:accounts) and open_minor > 0
    union all select account_id, null, id, null, -open_minor, posted_on
    from adjustments where account_id = any(:accounts) and open_minor < 0
    union all select account_id, id, null, null, -open_minor, issued_on
    from bills where account_id = any(:accounts) and open_minor < 0
"""
_SETTLE = text(
    f"""
    with sink as ({_SINKS}), source as ({_SOURCES}),
    k as (select *, sum(amount) over (
        partition by account_id order by turn, due, bill, adjustment, payment) as until from sink),
    s as (select *, sum(amount) over (
        partition by account_id order by since, bill, adjustment, payment) as until from source)
    insert into allocations (account_id, from_payment_id, from_adjustment_id, from_bill_id,
                             to_bill_id, to_adjustment_id, to_payment_id, amount_minor)
    select k.account_id, s.payment, s.adjustment, s.bill, k.bill, k.adjustment, k.payment,
           least(k.until, s.until) - greatest(k.until - k.amount, s.until - s.amount)
    from k join s using (account_id)
    where s.until - s.amount < k.until and k.until - k.amount < s.until
    order by k.account_id, k.until, s.until
    """
)
_GIVEN_BACK = text(
    "select distinct account_id from payments where account_id = any(:accounts) and open_minor < 0"
)
_PAIRS = """
    select account_id, from_payment_id, from_adjustment_id, from_bill_id, to_bill_id, to_adjustment_id,
           to_payment_id, sum(amount_minor) as amount, max(id) as latest
    from allocations where account_id = any(:accounts)
    group by 1, 2, 3, 4, 5, 6, 7 having sum(amount_minor) > 0
"""
_MAKE_ROOM = text(
    f"""
    with sink as ({_SINKS}), source as ({_SOURCES}), short as (
        select account_id, sum(amount) - coalesce(
            (select sum(amount) from source s where s.account_id = k.account_id), 0) as short
        from sink k where turn = 0 group by account_id
    ), pairs as (
        select p.*, sum(p.amount) over (
            partition by p.account_id
            order by coalesce(b.due_on, a.posted_on) desc, p.to_bill_id desc, p.to_adjustment_id desc,
                     latest desc
        ) as until
        from ({_PAIRS}) p
        left join bills b on b.id = p.to_bill_id
        left join adjustments a on a.id = p.to_adjustment_id
        where p.to_payment_id is null
    )
    insert into allocations (account_id, from_payment_id, from_adjustment_id, from_bill_id,
                             to_bill_id, to_adjustment_id, to_payment_id, amount_minor)
    select p.account_id, from_payment_id, from_adjustment_id, from_bill_id, to_bill_id, to_adjustment_id,
           to_payment_id, -least(p.amount, short - (until - p.amount))
    from pairs p join short using (account_id) where until - p.amount < short
    """
)
_RELEASE = """
    with pairs as (
        select p.*, sum(p.amount) over (order by latest desc) as until
        from ({pairs}) p
    )
    insert into allocations (account_id, from_payment_id, from_adjustment_id, from_bill_id,
                             to_bill_id, to_adjustment_id, to_payment_id, amount_minor)
    select account_id, from_payment_id, from_adjustment_id, from_bill_id, to_bill_id, to_adjustment_id,
           to_payment_id, -least(amount, :amount - (until - amount))
    from pairs where until - amount < :amount
"""


def settle(session: Session, account_ids: Sequence[int]) -> None:
    """Let all that is still in a customer's favour pay what is still owed, account by account: money given
    back first, then what a running plan is for, then bills, fees and deposits in the order they fell due,
    last what is disputed; from the oldest money on.

    Money given back that nothing unused covers is taken from what was paid last, so the newest bill is open
    again. What was allocated before stays as it is.
    """
    values = {"accounts": list(account_ids)}
    given_back = list(session.scalars(_GIVEN_BACK, values))
    if given_back:
        session.execute(_MAKE_ROOM, {"accounts": given_back})
    session.execute(_SETTLE, values)


def allocate(session: Session, account_id: int, source: Item, sink: Item, amount_minor: int) -> None:
    """Let a source pay so much of a sink, as told. The database refuses more than is open of either."""
    made = Allocation(account_id=account_id, amount_minor=amount_minor)
    setattr(made, f"from_{source.kind}_id", source.id)
    setattr(made, f"to_{sink.kind}_id", sink.id)
    session.add(made)
    session.flush()


def release(
    session: Session,
    account_id: int,
    *,
    source: Item | None = None,
    sink: Item | None = None,
    amount_minor: int | None = None,
) -> None:
    """Undo what a source has paid, or what has paid a sink: the latest first, up to an amount or all."""
    end, item = ("from", source) if source is not None else ("to", sink)
    assert item is not None
    pairs = _PAIRS.replace("= any(:accounts)", f"= any(:accounts) and {end}_{item.kind}_id = :item")
    statement = _RELEASE.replace("{pairs}", pairs)
    values = {
        "accounts": [account_id],
        "item": item.id,
        "amount": 2**62 if amount_minor is None else amount_minor,
    }
    session.execute(text(statement), values)


def pay_as_told(session: Session, account_id: int, source: Item, told: Sequence[tuple[str, int]]) -> None:
    """Let a source pay bills by their numbers, so much each. Raises Conflict where a bill is another
    account's, or has less open than that."""
    found = {
        row.number: row
        for row in session.execute(
            text("select id, number, account_id, open_minor from bills where number = any(:numbers)"),
            {"numbers": [number for number, _ in told]},
        )
    }
    for number, amount_minor in told:
        bill = found.get(number)
        if bill is None or bill.account_id != account_id:
            raise Conflict(
                "not_theirs", mark("Bill %(bill)s is no bill of this account."), number, bill=number
            )
        if not 0 < amount_minor <= bill.open_minor:
            raise Conflict("not_open", mark("Bill %(bill)s has not so much open."), number, bill=number)
        allocate(session, account_id, source, Item("bill", bill.id), amount_minor)
