"""What another tariff would have cost, and what ends with the one before: said beside the change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from billing.domain.rating.load_shift import Shift
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bills import BillRow
from billing.what_if.account import AccountWhatIf, account_what_if
from utility_crm.web.words import mark

ENDINGS: dict[str, str] = {
    "year_minimum": mark("The minimum of the year is closed with %(day)s, by the days billed, on that bill."),
    "net_year": mark("The year of net metering ends with %(day)s: credit that is left is paid out."),
    "net_credit": mark("Credit in kWh left on %(day)s is not paid out: this tariff has no year’s end."),
    "ratchet": mark("The highest demands before %(day)s count no more: the new tariff begins with none."),
    "deemed": mark("The deemed contract ends with %(day)s; from then on there is an agreement."),
}
"""What ends with the agreement, a sentence each."""


def endings(tariff: Tariff, kind: str, starts_on: date) -> tuple[str, ...]:
    """What ends with an agreement on a tariff when another begins on a day: keys of ENDINGS."""
    version = tariff.version_on(max(starts_on - timedelta(days=1), tariff.versions[0].starts_on))
    found = []
    if kind == "deemed":
        found.append("deemed")
    if any(one.per == "year" for one in version.minimums):
        found.append("year_minimum")
    nets = [one.net for one in version.energy if one.net is not None]
    if any(net.year_ends for net in nets):
        found.append("net_year")
    if any(not net.year_ends for net in nets):
        found.append("net_credit")
    if any(one.ratchet for one in version.demand):
        found.append("ratchet")
    return tuple(found)


def change_money(session: Session, bills: Sequence[BillRow], code: str, today: date) -> AccountWhatIf | None:
    """The account's last bills on one other tariff; None where nothing was billed. bills: issued ones of the
    account, the newest first. As `account_what_if`, so the two cannot disagree."""
    return account_what_if(session, bills, today, Shift(0), only=code) if bills else None
