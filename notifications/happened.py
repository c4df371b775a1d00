"""What of notifications stands in the timeline beside notices: outages, and what was allowed or withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from notifications.consents.words import Word
from notifications.customer_in_view import in_view
from notifications.outages.lived_through import PastOutage
from utility_crm.kit.parts import CustomerCall, TimelineEntry
from utility_crm.web.formats import clock, day_near, local_day
from utility_crm.web.words import mark, translator

PACKAGE = "notifications"
OUTAGES, CONSENTS = mark("Outages"), mark("Consents")


def happened(call: CustomerCall) -> Sequence[TimelineEntry]:
    """Both, of what the page has read already."""
    mine = call.once(in_view)
    return [
        *(_outage(call, one) for one in mine.outages),
        *(_word(call, one) for one in mine.words if one.since is not None and one.granted is not None),
    ]


def _outage(call: CustomerCall, one: PastOutage) -> TimelineEntry:
    _ = translator(call.language, PACKAGE)
    title = _("Planned outage") if one.planned else _("Outage")
    if one.ends_at is None or one.ends_at > call.now:
        back = _("goes on")
    else:
        when = clock(one.ends_at, call.language)
        if local_day(one.ends_at) != local_day(one.starts_at):
            when = f"{day_near(one.ends_at, call.today, call.language)} {when}"
        back = _("back at %(when)s", when=when)
    detail = " · ".join(part for part in (back, one.address, one.reason) if part)
    opens = call.viewer is None or call.viewer.may("outages.read")
    return TimelineEntry(
        one.starts_at, OUTAGES, title, detail, "", f"/outages/{one.id}" if opens else ""
    )  # fmt: skip


def _word(call: CustomerCall, one: Word) -> TimelineEntry:
    _ = translator(call.language, PACKAGE)
    what = {"purpose": _(one.purpose), "channel": _(one.channel)}
    title = (
        _("Allowed: %(purpose)s by %(channel)s", **what)
        if one.granted
        else _("Not allowed: %(purpose)s by %(channel)s", **what)
    )
    assert one.since is not None
    detail = " · ".join(part for part in (one.proof, one.recorded_by) if part)
    href = f"/customers/{call.customer_id}?ask=told"
    return TimelineEntry(one.since, CONSENTS, title, detail, "", href)
