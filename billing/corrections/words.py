"""What putting bills right does to customers, in a person's language: asked before, and said after."""

from __future__ import annotations

from collections.abc import Sequence

from billing.corrections.approving import Corrected
from billing.corrections.finding import Look
from billing.corrections.queries import CorrectionRow
from billing.wording import say
from utility_crm.web.formats import day_year, money
from utility_crm.web.words import counting


def _by_account(rows: Sequence[CorrectionRow]) -> dict[tuple[str, int], int]:
    """How much more each account would pay in all, in minor units, by currency and account."""
    change: dict[tuple[str, int], int] = {}
    for row in rows:
        key = row.currency, row.account_id
        change[key] = change.get(key, 0) + row.difference_minor
    return change


def _effect(rows: Sequence[CorrectionRow], language: str) -> str:
    """3 customers get back £341.20, 2 pay £18.05 more: those who get back against those who pay."""
    ngettext = counting(language, "billing")
    parts = []
    change = _by_account(rows)
    for currency in sorted({currency for currency, _ in change}):
        mine = [amount for (code, _), amount in change.items() if code == currency]
        less, more = [one for one in mine if one < 0], [one for one in mine if one > 0]
        if less:
            amount = money(-sum(less), currency, language)
            parts.append(
                ngettext(
                    "one customer gets back %(amount)s", "%(num)s customers get back %(amount)s", len(less),
                    amount=amount,
                )
            )  # fmt: skip
        if more:
            amount = money(sum(more), currency, language)
            parts.append(
                ngettext("one pays %(amount)s more", "%(num)s pay %(amount)s more", len(more), amount=amount)
            )
    return ", ".join(parts) or say(language)("nobody pays another sum")


def putting_right_words(rows: Sequence[CorrectionRow], language: str) -> tuple[str, ...]:
    """What is asked before bills are put right."""
    ngettext = counting(language, "billing")
    anew = sum(bool(row.after_minor or row.after_micro_kwh) for row in rows)
    credited = ngettext("Credit one bill", "Credit %(num)s bills", len(rows))
    issued = ngettext("issue one new", "issue %(num)s new", anew)
    _ = say(language)
    head = _(
        "%(credited)s and %(issued)s: %(effect)s.",
        credited=credited, issued=issued, effect=_effect(rows, language),
    )  # fmt: skip
    return head, _("Credit notes and bills that went out are not taken back.")


def put_right_words(count: int, language: str) -> str:
    """The button that does it."""
    return counting(language, "billing")("Put this bill right", "Put these %(num)s bills right", count)


def standing_words(rows: Sequence[CorrectionRow], language: str) -> str:
    """What is asked before bills are left as they are."""
    ngettext = counting(language, "billing")
    stand = ngettext("One bill stands as it was issued", "%(num)s bills stand as they were issued", len(rows))
    _ = say(language)
    return _(
        "%(stand)s. Put right, %(effect)s; that will not be. They are proposed again only if something more "
        "comes in.",
        stand=stand, effect=_effect(rows, language),
    )  # fmt: skip


def let_stand_words(count: int, language: str) -> str:
    """The button that does it."""
    return counting(language, "billing")("Let this bill stand", "Let these %(num)s bills stand", count)


def stood_words(rows: Sequence[CorrectionRow], language: str) -> str:
    """What was done."""
    return counting(language, "billing")(
        "One bill stands as it was issued.", "%(num)s bills stand as they were issued.", len(rows)
    )


def done_words(done: Corrected, rows: Sequence[CorrectionRow], language: str) -> str:
    """What was done, as it was booked."""
    ngettext, _ = counting(language, "billing"), say(language)
    if not done.credit_notes and not done.waiting:
        return _("They were put right before: nothing was done.")
    credited = ngettext("One bill is credited", "%(num)s bills are credited", len(done.credit_notes))
    issued = ngettext("one is issued anew", "%(num)s are issued anew", len(done.new_bill_ids))
    parts = [_("%(credited)s, %(issued)s.", credited=credited, issued=issued)]
    currencies = {row.currency for row in rows}
    change = done.charged_minor - done.credited_minor
    if len(currencies) == 1 and change:
        amount = money(abs(change), currencies.pop(), language)
        parts.append(
            _("Customers pay %(amount)s more in all.", amount=amount)
            if change > 0
            else _("Customers get back %(amount)s in all.", amount=amount)
        )
    if done.waiting:
        parts.append(
            ngettext(
                "One waits for what an earlier one leaves it, and is proposed anew.",
                "%(num)s wait for what an earlier one leaves them, and are proposed anew.",
                done.waiting,
            )
        )
    return " ".join(parts)


def looked_words(found: Look, language: str) -> str:
    """What a look found."""
    ngettext, _ = counting(language, "billing"), say(language)
    if not found.bills:
        return _("Nothing came in that could change a bill.")
    made = ngettext("One bill was made again", "%(num)s bills were made again", found.bills)
    differ = ngettext("one would differ", "%(num)s would differ", found.differ)
    if not found.differ:
        differ = _("none would differ")
    words = _("%(made)s: %(differ)s.", made=made, differ=differ)
    if found.held:
        words += " " + ngettext("One cannot be made again.", "%(num)s cannot be made again.", found.held)
    return words


def another_words(row: CorrectionRow, language: str) -> str:
    """A correction that is not what was shown."""
    _ = say(language)
    if row.state in ("approved", "dismissed", "superseded"):
        return _("Bill %(number)s was decided about meanwhile.", number=row.bill)
    return _(
        "Bill %(number)s was made again meanwhile, from what was known on %(day)s: it would be %(after)s. "
        "Look again.",
        number=row.bill, day=day_year(row.known_at, language),
        after=money(row.after_minor, row.currency, language),
    )  # fmt: skip


def gone_words(language: str) -> str:
    """One of them is there no more."""
    _ = say(language)
    return _("One of these bills would be the same today. Look again.")
