"""Notices as people look for them: why one was sent or not, what waits for a decision, closed addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.domain.permission import Reason
from notifications.domain.ways import CHANNELS
from notifications.outbox.deciding import consider_sent, drop, send_again, send_another_way
from notifications.outbox.queries import NoticeStory, letters_arrived, notice_story, outbox_figures
from notifications.outbox.searching import MOST, Search, as_reason, search_notices
from notifications.outbox.suppressing import lift, suppressions
from notifications.outbox.way import joined_in, way_of
from notifications.sender import this_sender
from notifications.types import notice_type, notice_types
from notifications.versions.in_force import words_until
from notifications.writing import Written, for_staff, write
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
QUESTIONS: dict[str, tuple[str, ...]] = {
    "sent": ("sent",),
    "waits": ("waiting", "sending", "gathered"),
    "withheld": ("withheld",),
    "failed": ("dead", "parked"),
    "all": (),
}
_RECENT = timedelta(days=1)
_LONGEST_REASON = 300


@router.get("/notices")
def notices(
    request: Request,
    ask: str = "sent",
    customer: str = "",
    kind: str = "",
    reason: str = "",
    channel: str = "",
    since: str = "",
    until: str = "",
    before: str = "",
) -> Response:
    """The outbox by state, and found by customer, kind, reason, channel and days."""
    with visit(request, "notices.read") as v:
        if ask == "closed":
            return _closed(v)
        chosen = ask if ask in QUESTIONS else "sent"
        search = Search(
            customer=customer.strip()[:100].replace("\0", ""),
            notice=kind if kind in notice_types() else "",
            reason=as_reason(reason) or "",
            channel=channel if channel in CHANNELS else "",
            states=QUESTIONS[chosen],
            since=_day(since),
            until=_day(until),
            before=int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None,
            zone=settings().timezone,
        )
        found = search_notices(v.session, search)
        kept = {
            "ask": chosen, "customer": search.customer, "kind": search.notice, "reason": search.reason,
            "channel": search.channel, "since": search.since or "", "until": search.until or "",
        }  # fmt: skip
        older = f"/notices?{urlencode({**kept, 'before': found.next_before})}" if found.next_before else ""
        return render_notices(v, chosen, rows=found.rows, search=search, older=older)


@router.get("/mailbox")
def mailbox(request: Request, letter: str = "") -> Response:
    """The demo's mailbox: what would have gone into the world."""
    with visit(request, "notices.read") as v:
        if settings().mail_to != "mailbox":
            raise NotFound("no_mailbox", "notices go out by SMTP here; there is no mailbox to look into")
        arrived = letters_arrived(v.session)
        opened = next((one for one in arrived if one.message_id == letter), arrived[0] if arrived else None)
        v.about(opened.customer_id if opened is not None else None)
        return render_notices(v, "mailbox", arrived=arrived, opened=opened)


@router.get("/notices/{notice_id}")
def one_notice(request: Request, notice_id: int) -> Response:
    """Why a customer got this notice, or did not."""
    with visit(request, "customers.read") as v:
        return _one(v, notice_id)


@router.post("/notices/{notice_id}/{decision}")
def decide(request: Request, notice_id: int, decision: str, posted: Posting) -> Response:
    """What a person decides about one that could not be sent, or may have been."""
    with visit(request, "notices.run") as v:
        _ = v.text
        actions: dict[str, tuple[Callable[..., None], str]] = {
            "again": (send_again, _("It goes out again.")),
            "another": (send_another_way, _("It goes another way.")),
            "considered": (consider_sent, _("It counts as sent.")),
        }

        def act() -> Response:
            if decision == "drop":
                because = posted.field("because", typed_reason)
                drop(v.session, notice_id, because.value, v.now, v.user.id)
                return v.done(_("It is not sent any more."), "/notices", ask="failed")
            if decision not in actions:
                raise NotFound("no_such_page", mark("The address may be old or mistyped."))
            action, words = actions[decision]
            action(v.session, notice_id, v.now, v.user.id)
            return v.done(words, f"/notices/{notice_id}")

        return handled(
            v, posted, f"decide-{decision}", act, lambda: _one(v, notice_id), back=f"/notices/{notice_id}"
        )


@router.post("/suppressions/{suppression_id}/lift")
def lifted(request: Request, suppression_id: int, posted: Posting) -> Response:
    """Write to an address again, for a reason."""
    with visit(request, "notices.run") as v:
        _ = v.text

        def act() -> Response:
            because = posted.field("because", typed_reason)
            address = lift(v.session, suppression_id, v.user.id, v.now, because.value)
            words = _("Notices go to %(address)s again.") % {"address": address}
            return v.done(words, "/notices", ask="closed")

        back = "/notices?ask=closed"
        return handled(v, posted, f"lift-{suppression_id}", act, lambda: _closed(v), back=back)


def typed_reason(given: str) -> str:
    """Why, in one line. Raises `Invalid`."""
    said = " ".join(given.split())
    if not 0 < len(said) <= _LONGEST_REASON:
        raise Invalid("reason_needed", mark("Say in a few words why."), "because")
    return said


def _closed(v: Visit) -> Response:
    return render_notices(v, "closed", closed=suppressions(v.session))


def render_notices(v: Visit, chosen: str, **context: Any) -> Response:
    """The room of notices with the chosen question."""
    given: dict[str, Any] = {"rows": (), "arrived": [], "opened": None, "closed": [], "older": ""}
    given |= {"search": Search()} | context
    kinds = notice_types()
    return v.render(
        "notifications/notices.html",
        chosen=chosen,
        figures=outbox_figures(v.session, v.now - _RECENT),
        mailbox=settings().mail_to == "mailbox",
        titles={one.notice: notice_type(one.notice).title for one in given["rows"]},
        kinds=sorted(((name, v.text(kind.title)) for name, kind in kinds.items()), key=lambda pair: pair[1]),
        reasons=[(str(reason), v.text(reason.words)) for reason in Reason],
        channels=[(channel, v.text(channel)) for channel in CHANNELS],
        most=MOST,
        **given,
    )


def _one(v: Visit, notice_id: int) -> Response:
    story = notice_story(v.session, notice_id)
    v.about(story.customer_id)
    joined = joined_in(v.session, notice_id) if story.notice == "digest" else []
    return v.render(
        "notifications/notice.html",
        story=story,
        title=notice_type(story.notice).title,
        written=_written(v, story),
        way=way_of(v.session, notice_id),
        joined=joined,
        titles={one.notice: notice_type(one.notice).title for one in joined},
        reasons={str(reason): reason.words for reason in Reason},
        last_way=story.channel == story.channels[-1],
    )


def _written(v: Visit, story: NoticeStory) -> Written:
    """As it was sent, else as it would be written now."""
    until = story.version if story.state == "sent" else None
    return write(
        story.notice,
        for_staff(story.context),
        name=story.customer,
        language=story.language,
        timezone=story.timezone,
        sender=this_sender(v.session),
        channel=story.channel,
        texts=words_until(v.session, story.notice, story.language, story.channel, until).texts,
    )


def _day(typed: str) -> date | None:
    """A day of the address; one that is none narrows nothing."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
