"""What several questions of one page share, each loaded once; use them through `call.once`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing.corrections.queries import CorrectionRow
from billing.customer.in_view import InView, customer_in_view
from billing.dunning.lines import Line
from billing.explaining import read_both
from billing.explaining.kept import Kept, explanation_of
from billing.forecasting import Fresh, kept_of
from billing.queries.accounts import STANDING, AccountStanding
from billing.queries.bill_parts import ReadPart
from billing.queries.bills import OF_CUSTOMER, BillRow
from billing.queries.dunning import Agreed
from billing.queries.held import HeldRow
from billing.queries.money_in import AdjustmentRow, PaymentRow
from utility_crm.kit.gathering import Gather
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.together import together

KNOWN = Gather((STANDING, OF_CUSTOMER), lambda call: {"customer": call.customer_id, "today": call.today})


def _known(call: CustomerCall) -> Sequence[list[list[Any]]]:
    return together(call, KNOWN)


def accounts(call: CustomerCall) -> tuple[AccountStanding, ...]:
    """Every account the customer holds or pays."""
    return tuple(AccountStanding(*row) for row in call.once(_known)[0])


def numbers(call: CustomerCall) -> dict[int, str]:
    """Account numbers by id where the customer has several accounts; where there is one, nothing need name
    it."""
    mine = call.once(accounts)
    return {one.id: one.number for one in mine} if len(mine) > 1 else {}


def bills(call: CustomerCall) -> tuple[BillRow, ...]:
    """Their bills, the newest first."""
    return tuple(BillRow(*row) for row in call.once(_known)[1])


def in_view(call: CustomerCall) -> InView:
    """What the small answers, the strip and the timeline share."""
    ids = [account.id for account in call.once(accounts)]
    if not ids:
        return InView()
    bill = call.once(chosen)
    looked_at = bill.account_id if bill is not None else None
    return customer_in_view(call.session, call.customer_id, ids, looked_at, call.today)


def payments(call: CustomerCall) -> tuple[PaymentRow, ...]:
    """Their payments, the newest first."""
    return call.once(in_view).payments


def adjustments(call: CustomerCall) -> tuple[AdjustmentRow, ...]:
    """Credits, fees and the like, the newest first."""
    return call.once(in_view).adjustments


def held(call: CustomerCall) -> tuple[HeldRow, ...]:
    """Periods of theirs that could not be billed."""
    return call.once(in_view).held


def agreed(call: CustomerCall) -> Agreed:
    """Plans, promises and disputes of theirs."""
    return call.once(in_view).agreed


def corrections(call: CustomerCall) -> tuple[CorrectionRow, ...]:
    """Bills of theirs that were put right, or would differ, the newest first."""
    return call.once(in_view).corrections


def dunnable(call: CustomerCall) -> dict[int, int]:
    """Of each late account, how much may be reminded of."""
    return dict(call.once(in_view).dunnable)


def dunned(call: CustomerCall) -> tuple[Line, ...]:
    """What happened in their cases of dunning, the newest first."""
    return call.once(in_view).dunned


def chosen(call: CustomerCall) -> BillRow | None:
    """The bill the page is about: the one asked for, else the newest of the account asked for, else the
    newest."""
    issued = [bill for bill in call.once(bills) if bill.status == "issued"]
    number, account = call.params.get("bill", ""), call.params.get("account", "")
    ids = {one.id for one in call.once(accounts) if one.number == account}
    for bill in issued:
        if bill.number == number:
            return bill
    return next((bill for bill in issued if not ids or bill.account_id in ids), None)


def fresh(call: CustomerCall) -> Fresh | None:
    """What is kept of the chosen bill's account and is so still: one statement."""
    bill, other = call.once(chosen), call.once(against)
    if bill is None:
        return None
    pair = None if other is None else (bill.id, other.id)
    return kept_of(call.session, bill.account_id, call.today, pair)


def kept(call: CustomerCall) -> Kept | None:
    """The comparison of the chosen bill with the one it is held against, as it is kept, where that is
    fresh."""
    bill, other, known = call.once(chosen), call.once(against), call.once(fresh)
    if bill is None or other is None or known is None or known.explanation is None:
        return None
    return explanation_of(known.explanation, bill, other)


def earlier(call: CustomerCall) -> tuple[BillRow, ...]:
    """Issued bills of the chosen one's account before it, the newest first."""
    bill = call.once(chosen)
    if bill is None:
        return ()
    return tuple(
        one
        for one in call.once(bills)
        if one.account_id == bill.account_id and one.status == "issued" and one.ends_before <= bill.starts_on
    )


YEAR_AGO = "year-ago"
"""In place of a bill's number: the one of the same month a year before."""


def year_before(call: CustomerCall) -> BillRow | None:
    """The bill whose last day lies in the same month a year before the chosen one's."""
    bill = call.once(chosen)
    if bill is None:
        return None
    month = (bill.ends_before.year - 1, bill.ends_before.month)
    found = (one for one in call.once(earlier) if (one.ends_before.year, one.ends_before.month) == month)
    return next(found, None)


def against(call: CustomerCall) -> BillRow | None:
    """What the chosen bill is held against: the bill asked for, else the one before."""
    bill, number = call.once(chosen), call.params.get("against", "")
    if number == YEAR_AGO and (then := call.once(year_before)) is not None:
        return then
    for one in call.once(bills):
        if (
            bill is not None
            and one.number == number
            and one.account_id == bill.account_id
            and one.id != bill.id
        ):
            return one
    return next(iter(call.once(earlier)), None)


def both(call: CustomerCall) -> list[tuple[ReadPart, ...]]:
    """What the chosen bill and the one it is held against were made of, the earlier first."""
    bill = call.once(chosen)
    return read_both(call.session, bill, call.once(against)) if bill is not None else []


def alone(call: CustomerCall) -> list[tuple[ReadPart, ...]]:
    """What the chosen bill was made of."""
    bill = call.once(chosen)
    return read_both(call.session, bill, None) if bill is not None else []


def read(call: CustomerCall) -> tuple[ReadPart, ...]:
    """The chosen bill's parts with their readings, then and now; read with the other bill's where those are
    wanted."""
    compared = call.params.get("ask", "why") in ("", "why") and call.once(kept) is None
    found = call.once(both if compared else alone)
    # Cubic metres are no kWh: only the comparison of bills takes both.
    return tuple(item for item in found[-1] if item.part.tariff.metered_unit == "kWh") if found else ()
