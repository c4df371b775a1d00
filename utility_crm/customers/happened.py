"""What of the ground stands in the timeline beside contacts: who was verified, who came to speak for them,
what was changed."""

from __future__ import annotations

from collections.abc import Sequence

from utility_crm.customers.care import CARE
from utility_crm.customers.editing import DETAILS
from utility_crm.customers.in_view import Asked, Changed, Turn, in_view
from utility_crm.customers.parties import DIED, KIND_WORDS
from utility_crm.customers.reach import WAY
from utility_crm.kit.parts import CustomerCall, TimelineEntry
from utility_crm.web.words import mark, translator

CALLERS, RELATIONS, CHANGES = mark("Verified"), mark("Relations"), mark("Changes")
OWN = frozenset({WAY, DIED, DETAILS, CARE})
"""What the ground changes. What packages change stands in the timeline in words of theirs."""
MERGED = frozenset({mark("merged with"), mark("merged into")})


def happened(call: CustomerCall, seen: bool) -> Sequence[TimelineEntry]:
    """All of it. seen: whether whoever looks may know who others are."""
    mine = call.once(in_view)
    found = [_asked(call, one) for one in mine.asked]
    for turn in mine.turns:
        found += _turned(call, turn, seen)
    found += [_changed(call, one, seen) for one in mine.changed if one.what in OWN]
    found += [_merged(call, one) for one in mine.changed if one.what in MERGED]
    return found


def _asked(call: CustomerCall, one: Asked) -> TimelineEntry:
    _ = translator(call.language)
    if one.how == "reason":
        return TimelineEntry(one.at, CALLERS, _("Personal data shown"), _joined(one.reason, one.by))
    by_what = ", ".join(_(kind) for kind in one.asked)
    if one.passed:
        return TimelineEntry(one.at, CALLERS, _("Caller verified"), _joined(by_what, one.by), "ok")
    return TimelineEntry(one.at, CALLERS, _("Caller not verified"), _joined(by_what, one.by), "warn")


def _turned(call: CustomerCall, one: Turn, seen: bool) -> list[TimelineEntry]:
    _ = translator(call.language)
    href = f"/customers/{call.customer_id}?ask=parties"
    what = _(KIND_WORDS[one.kind])
    words = what if one.own else _("the other way round: %(what)s", what=what)
    name = one.name if seen else ""
    found = [
        TimelineEntry(
            one.noted_at, RELATIONS, _("Noted: %(what)s", what=words), _joined(name, one.role, one.noted_by),
            href=href,
        )
    ]  # fmt: skip
    if one.ended_at is not None:
        title = _("Ended: %(what)s", what=words)
        found.append(TimelineEntry(one.ended_at, RELATIONS, title, _joined(name, one.ended_by), href=href))
    return found


def _changed(call: CustomerCall, one: Changed, seen: bool) -> TimelineEntry:
    _ = translator(call.language)
    words = _(one.what)
    title = _("Taken away: %(what)s", what=words) if one.gone else _("Changed: %(what)s", what=words)
    detail = _joined(one.why if seen else "", one.by)
    href = f"/customers/{call.customer_id}?ask=details#changes"
    return TimelineEntry(one.at, CHANGES, title, detail, href=href)


def _merged(call: CustomerCall, one: Changed) -> TimelineEntry:
    _ = translator(call.language)
    words = _("Merging with %(number)s undone") if one.gone else _("Merged with %(number)s")
    return TimelineEntry(one.at, CHANGES, words % {"number": one.other}, one.by)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
