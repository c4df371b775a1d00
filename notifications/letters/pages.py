"""The page of letters on paper: what waits, what is to be handed over, what was, and what came back."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.letters.cutting import cut_now
from notifications.letters.hours import next_cut
from notifications.letters.leaving import hand_over, take_return
from notifications.letters.making import letter_number, make_one
from notifications.letters.queries import (
    batches,
    file_of,
    letter_figures,
    returned_letters,
    waiting_letters,
)
from notifications.types import notice_type
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark, translator

router = APIRouter()
QUESTIONS = ("open", "waits", "gone", "back")
_RECENT = timedelta(days=30)
_LONGEST_REASON = 300
_AT_ONCE = 200
"""Letters whose file is made while the person waits; more are left to the clock."""


@router.get("/letters")
def letters(request: Request, ask: str = "open") -> Response:
    """Letters on paper, by question."""
    with visit(request, "notices.run") as v:
        return _letters(v, ask if ask in QUESTIONS else "open")


@router.post("/letters/cut")
def cut(request: Request, posted: Posting) -> Response:
    """Gather what waits now, before its hour."""
    with visit(request, "notices.run") as v:
        _, ngettext = translator(v.user.language, "notifications"), counting(v.user.language, "notifications")

        def act() -> Response:
            done = cut_now(v.session, v.now, v.user.id)
            if done.batch is None:
                return v.done(_("No letter waits that may go now."), "/letters", nothing=True)
            if done.letters <= _AT_ONCE:
                make_one(v.session, v.now, [done.batch])
            said = ngettext(
                "Batch %(batch)s: one letter.", "Batch %(batch)s: %(num)s letters.", done.letters,
                batch=done.batch,
            )  # fmt: skip
            return v.done(said, "/letters", ask="open")

        return handled(v, posted, "cut", act, lambda: _letters(v, "waits"), back="/letters?ask=waits")


@router.get("/letters/{batch_id}/letters.pdf")
def pdf(request: Request, batch_id: int) -> Response:
    """The file to print, as it was made."""
    with visit(request, "notices.run") as v:
        kept = file_of(v.session, batch_id)
        return _download(kept.content, "application/pdf", f"letters-{batch_id}.pdf", kept.sha256)


@router.get("/letters/{batch_id}/letters.csv")
def listed(request: Request, batch_id: int) -> Response:
    """What lies in it, page by page, as it was made."""
    with visit(request, "notices.run") as v:
        kept = file_of(v.session, batch_id, listed=True)
        return _download(kept.content, "text/csv; charset=utf-8", f"letters-{batch_id}.csv", kept.sha256)


@router.post("/letters/{batch_id}/handed-over")
def handed_over(request: Request, batch_id: int, posted: Posting) -> Response:
    """A person says that a batch left the house."""
    with visit(request, "notices.run") as v:
        _, ngettext = translator(v.user.language, "notifications"), counting(v.user.language, "notifications")

        def act() -> Response:
            sent = hand_over(v.session, batch_id, v.now, v.user.id)
            doubt = ngettext(
                "One notice then counts as sent; that cannot be taken back.",
                "%(num)s notices then count as sent; that cannot be taken back.",
                sent,
            )
            posted.sure(doubt, do=_("They were handed over"))
            return v.done(_("Batch %(batch)s is handed over.", batch=batch_id), "/letters", ask="gone")

        name = f"hand-{batch_id}"
        return handled(v, posted, name, act, lambda: _letters(v, "open"), back="/letters?ask=open")


@router.post("/letters/returned")
def returned(request: Request, posted: Posting) -> Response:
    """A letter came back."""
    with visit(request, "notices.run") as v:
        _ = translator(v.user.language, "notifications")

        def act() -> Response:
            number = posted.must("number")
            because = posted.field("because", _typed_reason)
            name = take_return(v.session, number.value, because.value, v.now, v.user.id)
            said = _("Kept: the letter to %(name)s came back. Its address is closed.", name=name)
            return v.done(said, "/letters", ask="back")

        return handled(v, posted, "returned", act, lambda: _letters(v, "back"), back="/letters?ask=back")


def _typed_reason(given: str) -> str:
    said = " ".join(given.split())
    if not 0 < len(said) <= _LONGEST_REASON:
        raise Invalid("reason_needed", mark("Say in a few words why."), "because")
    return said


def _letters(v: Visit, chosen: str) -> Response:
    figures = letter_figures(v.session, v.now, v.now - _RECENT, v.today)
    waiting = waiting_letters(v.session) if chosen == "waits" else []
    came_back = returned_letters(v.session) if chosen == "back" else []
    states = {"open": ("cut", "gathered"), "gone": ("handed_over",)}
    kinds = {one.notice for one in waiting} | {one.notice for one in came_back}
    at = next_cut(v.now, settings(), today_done=figures.today_cut)
    zone = ZoneInfo(settings().timezone)
    return v.render(
        "notifications/letters.html",
        chosen=chosen,
        figures=figures,
        next_at=at,
        next_today=at is not None and at.astimezone(zone).date() == v.now.astimezone(zone).date(),
        rows=batches(v.session, *states[chosen]) if chosen in states else [],
        waiting=waiting,
        came_back=came_back,
        titles={name: notice_type(name).title for name in kinds},
        letter_number=letter_number,
    )


def _download(content: bytes, media: str, name: str, digest: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-SHA256": digest,
    }
    return Response(content, media_type=media, headers=headers)
