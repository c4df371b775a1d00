"""What runs and drafts came to, in a person's language: for banners, questions and refusals."""

from __future__ import annotations

from collections.abc import Mapping

from billing.drafted_runs import RunChanged
from billing.drafting.changed import DraftChanged
from billing.runs import BillRun
from billing.wording import say
from utility_crm.web.formats import kwh, money, month_year, number
from utility_crm.web.words import counting


def issued_words(count: int, language: str) -> str:
    """One bill, 1,311 bills."""
    ngettext = counting(language, "billing")
    return ngettext("one bill", "%(num)s bills", count, num=number(count, 0, language))


def held_words(count: int, language: str) -> str:
    """Nobody waits, one account waits, 11 accounts wait."""
    ngettext = counting(language, "billing")
    if not count:
        return say(language)("nobody waits")
    return ngettext("one account waits", "%(num)s accounts wait", count, num=number(count, 0, language))


def totals_words(totals: Mapping[str, int], language: str) -> str:
    """Minor units by currency."""
    return ", ".join(money(total, currency, language) for currency, total in totals.items()) or "–"


def counted_words(done: BillRun, language: str) -> str:
    """What a draft found."""
    _ = say(language)
    return _(
        "%(month)s is drafted: %(bills)s, %(totals)s; %(held)s. Nothing went out yet.",
        month=month_year(done.month.starts_on, language), bills=issued_words(done.issued, language),
        totals=totals_words(done.totals, language), held=held_words(len(done.held), language),
    )  # fmt: skip


def run_changed_words(error: RunChanged, language: str) -> str:
    """What a draft was, and what it would be now."""
    _ = say(language)
    then, now = (
        _(
            "%(bills)s, %(totals)s, %(held)s",
            bills=issued_words(one.issued, language), totals=totals_words(one.totals, language),
            held=held_words(one.held, language),
        )
        for one in (error.before, error.now)
    )  # fmt: skip
    return _(
        "The draft is another by now: it was %(then)s; it would be %(now)s. Nothing was issued: draft it "
        "again.",
        then=then, now=now,
    )  # fmt: skip


def changed_words(error: DraftChanged, language: str) -> str:
    """What became of a draft since it was looked at; nothing of it was issued."""
    _ = say(language)
    account, now = error.account, error.now
    if error.looked is None:
        return _("Account %(account)s was not in the draft: draft it again.", account=account)
    if now is None or not error.currency:
        return _("Account %(account)s cannot be drafted any more: %(reason)s", account=account,
                 reason=error.reason)  # fmt: skip
    if now == error.looked:
        return _("Account %(account)s has to wait again: %(reason)s", account=account, reason=error.reason)
    then, total = (money(one.total_minor, error.currency, language) for one in (error.looked, now))
    before, used = (kwh(one.micro_kwh, 1, language) for one in (error.looked, now))
    return _(
        "The draft of account %(account)s is another by now: it was %(then)s for %(before)s kWh; it would be "
        "%(total)s for %(used)s kWh. It was not issued: look again.",
        account=account, then=then, before=before, total=total, used=used,
    )  # fmt: skip
