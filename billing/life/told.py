"""What was told of a supply, in words: for the timeline, and beside the places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from billing.customer import loads
from billing.domain.accounts.doubtful_days import Kind, doubt_of
from billing.queries.changes import ChangeRow
from billing.wording import say
from utility_crm.kit.parts import CustomerCall, TimelineEntry
from utility_crm.web.formats import day_year
from utility_crm.web.words import counting, mark


def changes(call: CustomerCall) -> tuple[ChangeRow, ...]:
    """Everything that was told of their supplies, the newest first."""
    return call.once(loads.in_view).changes


def change_words(one: ChangeRow, language: str) -> str:
    """What was told: Supply ends after 30 Nov 2026."""
    _ = say(language)
    day = day_year(one.effective_on, language)
    if one.kind == "end":
        return _("Supply at %(place)s ends; without it from %(day)s", place=one.place, day=day)
    if one.kind == "begin":
        return _("Supply at %(place)s begins on %(day)s: %(tariff)s", place=one.place, day=day,
                 tariff=one.to_tariff or "")  # fmt: skip
    return _(
        "Another tariff from %(day)s: %(tariff)s, at %(place)s",
        tariff=one.to_tariff or "", day=day, place=one.place,
    )  # fmt: skip


def timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    """What was told of supplies, and what was taken back, each when it was."""
    _ = say(call.language)
    href = f"/customers/{call.customer_id}?ask=supply"
    found = []
    for one in call.once(changes):
        words = change_words(one, call.language)
        if one.told_at is not None:
            by = _("told to %(name)s", name=one.told_by) if one.told_by else ""
            found.append(TimelineEntry(one.told_at, mark("Supply"), words, by, "", href))
        if one.taken_back_at is not None:
            by = _("by %(name)s", name=one.taken_back_by) if one.taken_back_by else ""
            detail = ", ".join(filter(None, (one.taken_back_because, by)))
            taken = _("Taken back: %(what)s", what=words)
            found.append(TimelineEntry(one.taken_back_at, mark("Supply"), taken, detail, "", href))
    return found


def far_words(kind: Kind, day: date, today: date, language: str) -> str:
    """What is to be said of a day that is likely a slip; else nothing."""
    doubt = doubt_of(kind, day, today)
    if not doubt:
        return ""
    _, ngettext = say(language), counting(language, "billing")
    days = abs((day - today).days)
    apart = (
        ngettext("one year", "%(num)s years", days // 365)
        if days >= 730
        else ngettext("one month", "%(num)s months", max(days // 30, 2))
    )
    named = {"day": day_year(day, language), "apart": apart}
    if doubt == "ahead":
        return _("%(day)s is %(apart)s from now.", **named)
    return _("%(day)s is %(apart)s ago: bills since then are put right.", **named)
