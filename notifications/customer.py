"""The notices' part of the customer page: what is off where she lives, whether she knows, what we may
send, and what we wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from notifications.customer_in_view import KNOWN, in_view
from notifications.happened import happened
from notifications.outages.no_power_pages import no_power_act
from notifications.outages.queries import OutageHere
from notifications.outbox.queries import ListedNotice
from notifications.phrases import time_in_words
from notifications.told import TOLD, words_of
from notifications.types import notice_type
from utility_crm.kit.masking import shown
from utility_crm.kit.parts import Act, Banner, CustomerCall, CustomerRoom, Flag, TimelineEntry, Todo, Tone
from utility_crm.web.formats import clock, day, weekday
from utility_crm.web.words import counting, mark, translator

PACKAGE = "notifications"
Words = Callable[..., str]


def outages_here(call: CustomerCall) -> Sequence[OutageHere]:
    """Running and coming outages."""
    return call.once(in_view).here


def _banners(call: CustomerCall) -> Sequence[Banner]:
    _ = translator(call.language, PACKAGE)
    return [_banner(one, call, _) for one in call.once(outages_here)]


def _banner(one: OutageHere, call: CustomerCall, _: Words) -> Banner:
    starts, ends = one.local(one.starts_at), one.local(one.ends_at) if one.ends_at else None
    until = time_in_words(ends, call.language) if ends else ""
    if ends and starts.date() != ends.date():
        until = f"{day(ends.date(), call.language)} {until}"
    reach = counting(call.language, PACKAGE)("one customer", "%(num)s customers", one.customers)
    about = [shown(one.address, "address", call.customer_id)] + ([one.reason] if one.reason else []) + [reach]
    if one.starts_at <= call.now and not one.planned and one.state == "reported":
        title, when = _("Outage reported here"), _("since %(since)s, being checked", since=_at(starts, call))
    elif one.starts_at <= call.now and (one.ends_at is None or one.ends_at <= call.now):
        title, when = (
            _("Outage here now"),
            _("since %(since)s, nobody knows yet until when", since=_at(starts, call)),
        )
    elif one.starts_at <= call.now:
        title = _("Outage here now")
        when = _("since %(since)s, until about %(until)s", since=_at(starts, call), until=until)
    else:
        title = _("Planned outage here") if one.planned else _("Outage here")
        when = _("%(start)s to %(end)s", start=_at(starts, call), end=until)
    asks = one.starts_at <= call.now and not one.spoken_of
    noted = f"/outages/{one.id}/called/{call.customer_id}" if asks else ""
    return Banner(
        title,
        " · ".join([when, *about, _told(one, call, _)]),
        "bad" if one.starts_at <= call.now else "warn",
        f"/outages/{one.id}" if not one.planned else f"/notices/{one.notice_id}" if one.notice_id else "",
        _("The outage") if not one.planned else _("What was written") if one.notice_id else "",
        noted,
        _("Note that they called"),
    )


def _told(one: OutageHere, call: CustomerCall, _: Words) -> str:
    if one.notice_state == "sent" and one.sent_at is not None:
        return _("told on %(day)s", day=day(one.local(one.sent_at).date(), call.language))
    if one.notice_state in ("waiting", "sending"):
        return _("notice on its way")
    if one.spoken_of:
        return _("spoken of since")
    return _("not told by us")


def _at(wall: datetime, call: CustomerCall) -> str:
    return f"{weekday(wall.date(), call.language)} {time_in_words(wall, call.language)}"


def _local(at: datetime, call: CustomerCall) -> str:
    return f"{weekday(at, call.language)} {clock(at, call.language)}"


def _todos(call: CustomerCall) -> Sequence[Todo]:
    """Who depends on the supply hears of an outage from us in person; anyone else if no mail reached them."""
    _ = translator(call.language, PACKAGE)
    asked = [
        Todo(
            _("Call about the outage: take it, say what came of it"),
            shown(one.detail, "medical", call.customer_id) or _("others depend on them"),
            f"/outages/{one.outage_id}#call-{one.id}",
            tone="bad",
            order=0,
        )
        for one in call.once(in_view).calls
    ]
    called = {one.outage_id for one in call.once(in_view).calls}
    return asked + [
        Todo(
            _("Tell them of the outage"),
            _todo_detail(one, call, _),
            f"/notices/{one.notice_id}" if one.notice_id else "",
            tone="bad" if one.medical is not None else "warn",
            order=1 if one.medical is not None else 10,
        )
        for one in call.once(outages_here)
        if one.id not in called
        and not one.spoken_of
        and (one.medical is not None or one.notice_state in (None, "withheld", "dead"))
    ]


def _todo_detail(one: OutageHere, call: CustomerCall, _: Words) -> str:
    when = _at(one.local(one.starts_at), call)
    if one.medical is not None:
        need = shown(one.medical, "medical", call.customer_id) or _("medical need")
        return _("%(when)s; they depend on the supply: %(need)s", when=when, need=need)
    return _("%(when)s; no mail reached them", when=when)


def _timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    _ = translator(call.language, PACKAGE)
    return [*(_entry(one, call, _) for one in call.once(in_view).notices), *happened(call)]


def _receipt(one: ListedNotice, call: CustomerCall, _: Words) -> str:
    """What the provider told of it since: read on the same day, say, at 14:42."""
    if one.receipt is None or one.receipt_at is None:
        return ""
    words = {
        "delivered": _("delivered %(when)s", when=_local(one.receipt_at, call)),
        "read": _("read %(when)s", when=_local(one.receipt_at, call)),
        "bounced": _("bounced %(when)s", when=_local(one.receipt_at, call)),
        "failed": _("did not arrive, %(when)s", when=_local(one.receipt_at, call)),
        "complained": _("unwanted, they said %(when)s", when=_local(one.receipt_at, call)),
    }
    return words[one.receipt]


_TONES: dict[str, Tone] = {"withheld": "warn", "dead": "bad", "parked": "warn"}


def _entry(one: ListedNotice, call: CustomerCall, _: Words) -> TimelineEntry:
    title = _(notice_type(one.notice).title)
    if one.state == "sent":
        told = _receipt(one, call, _)
        detail = " · ".join(part for part in (told, one.subject, one.address) if part)
    elif one.state == "withheld" and one.reason:
        detail = _("not sent: %(why)s", why=_(one.reason.words))
    elif one.state == "dead":
        told = _receipt(one, call, _)
        detail = told or _("could not be sent: %(why)s", why=one.last_error or "")
    elif one.state == "gathered":
        detail = _("a letter on paper, to be printed")
    elif one.state == "parked":
        detail = _("may have arrived: a person decides")
    elif one.not_before > call.now:
        why = f", {_(one.reason.words)}" if one.reason else ""
        detail = _("waits until %(when)s", when=_local(one.not_before, call)) + why
    else:
        detail = _("on its way")
    at = one.sent_at or one.created_at
    return TimelineEntry(at, mark("Notices"), title, detail, _TONES.get(one.state, ""), f"/notices/{one.id}")


def _to_note(call: CustomerCall) -> list[OutageHere]:
    """Outages about which nobody has spoken with them."""
    return [one for one in call.once(outages_here) if not one.spoken_of]


def _told_panel(call: CustomerCall) -> Mapping[str, Any]:
    _ = translator(call.language, PACKAGE)
    return {"outages": [(one, _banner(one, call, _)) for one in _to_note(call)]}


def _off_now(call: CustomerCall) -> list[OutageHere]:
    """Outages that run where they are supplied."""
    return [one for one in call.once(outages_here) if one.starts_at <= call.now]


TOLD_OF_OUTAGE = Act(
    "o", mark("Told of outage"), "contacts.write", "notifications/act_outage.html", order=12,
    context=_told_panel, applies=lambda call: bool(_to_note(call)),
)  # fmt: skip


def _flags(call: CustomerCall) -> Sequence[Flag]:
    """What they let us send, where they said anything about it."""
    _ = translator(call.language, PACKAGE)
    said = [word for word in call.once(words_of) if word.since is not None]
    if not said:
        return ()
    offers = [_(word.channel) for word in said if word.purpose == "marketing" and word.allows]
    closed = [_(word.channel) for word in said if word.purpose == "service" and not word.allows]
    found = [
        Flag("", _("offers by %(ways)s", ways=", ".join(offers)) if offers else _("no offers"), order=70)
    ]
    if closed:
        found.append(Flag(_("Wants no %(ways)s", ways=", ".join(closed)), tone="warn", order=71))
    return found


_CALLED = text("""
    select c.value from contact_points c
    where c.customer_id = :customer and c.kind = 'phone' and exists (
        select from call_tasks t where t.customer_id = c.customer_id and t.state in ('taken', 'done'))
""")


def _called(call: CustomerCall) -> Sequence[str]:
    """Numbers that were shown to whoever rang them because of an outage."""
    return call.session.scalars(_CALLED, {"customer": call.customer_id}).all()


ROOM = CustomerRoom(
    gathers=(KNOWN,),
    questions=(TOLD,),
    banners=_banners,
    todos=_todos,
    timeline=_timeline,
    acts=(TOLD_OF_OUTAGE, no_power_act(_off_now)),
    flags=_flags,
    on_screen=_called,
)
