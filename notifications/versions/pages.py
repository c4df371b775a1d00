"""The kinds of notices, how each looks, and its words: written by one person, approved by another."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from notifications.types import NoticeType, notice_type, notice_types
from notifications.versions.drafting import approve, draft_words, drop, said_now
from notifications.versions.in_force import words_in_force
from notifications.versions.preview import previewed
from notifications.versions.queries import sent_by_kind, versions
from notifications.writing import PARTS, SHORT
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
LATELY = timedelta(days=30)


@router.get("/notices/kinds")
def kinds(request: Request, ask: str = "kinds") -> Response:
    """Which kinds there are, and which words wait for another person."""
    with visit(request, "notices.read") as v:
        sent = sent_by_kind(v.session, v.now - LATELY)
        found = sorted(notice_types().values(), key=lambda kind: (-sent.get(kind.name, 0), kind.name))
        numbers = dict.fromkeys(notice_types(), 0)
        for (kind, _, _), words in words_in_force(v.session).items():
            numbers[kind] = max(numbers.get(kind, 0), words.version)
        return v.render(
            "notifications/kinds.html",
            chosen=ask if ask in ("kinds", "drafts") else "kinds",
            kinds=found,
            sent=sent,
            numbers=numbers,
            drafts=versions(v.session, state="draft"),
            titles={kind.name: kind.title for kind in found},
        )


@router.get("/notices/kinds/{kind}")
def one_kind(
    request: Request, kind: str, ask: str = "", customer: str = "", language: str = "en", part: str = ""
) -> Response:
    """One kind as it looks, its versions, and the form to change its words."""
    with visit(request, "notices.read") as v:
        return _kind(v, notice_type(kind), ask, customer.strip(), language, part)


@router.post("/notices/kinds/{kind}/words")
def write_words(request: Request, kind: str, posted: Posting) -> Response:
    """Keep other words as a draft."""
    with visit(request, "notices.run") as v:
        language, part = posted.text("language"), posted.text("part")

        def act() -> Response:
            words = posted.must("text")
            draft_words(v.session, kind, language, part, words.value, by=v.user.id, now=v.now)
            said = v.text(mark("The draft is kept. It counts once another person approves it."))
            return v.done(said, f"/notices/kinds/{kind}", ask="versions")

        def page() -> Response:
            return _kind(v, notice_type(kind), "change", "", language, part)

        return handled(v, posted, "words", act, page)


@router.post("/notices/kinds/{kind}/versions/{version}/approve")
def approve_words(request: Request, kind: str, version: int, posted: Posting) -> Response:
    """Put a draft in force."""
    with visit(request, "notices.run") as v:

        def act() -> Response:
            number = approve(v.session, version, by=v.user.id, now=v.now)
            said = v.text(mark("Version %(number)s is in force from now on.")) % {"number": number}
            return v.done(said, f"/notices/kinds/{kind}", ask="versions")

        def page() -> Response:
            return _kind(v, notice_type(kind), "versions", "", "en", "")

        return handled(v, posted, f"approve-{version}", act, page)


@router.post("/notices/kinds/{kind}/versions/{version}/drop")
def drop_words(request: Request, kind: str, version: int, posted: Posting) -> Response:
    """Lay a draft aside."""
    with visit(request, "notices.run") as v:

        def act() -> Response:
            drop(v.session, version, by=v.user.id, now=v.now)
            return v.done(v.text(mark("The draft is laid aside.")), f"/notices/kinds/{kind}", ask="versions")

        def page() -> Response:
            return _kind(v, notice_type(kind), "versions", "", "en", "")

        return handled(v, posted, f"drop-{version}", act, page)


def _kind(v: Visit, kind: NoticeType, ask: str, customer: str, language: str, part: str) -> Response:
    shown = previewed(v.session, kind, customer, words_in_force(v.session))
    asks = [look.key for look in shown.looks] + ["versions", "change"]
    chosen = ask if ask in asks else asks[0]
    language = language if language in kind.languages else kind.languages[0]
    parts = [*PARTS["email"], *(PARTS["sms"] if SHORT & set(kind.channels) else ())]
    part = part if part in parts else parts[0]
    return v.render(
        "notifications/kind.html",
        kind=kind,
        shown=shown,
        look=next((look for look in shown.looks if look.key == chosen), None),
        chosen=chosen,
        customer=customer,
        number=max((look.version for look in shown.looks), default=0),
        versions=versions(v.session, kind.name),
        parts=parts,
        part=part,
        language=language,
        words=said_now(v.session, kind, language, part) if chosen == "change" else "",
    )
