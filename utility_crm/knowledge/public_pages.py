"""Public articles: no sign-in, no cookie, nobody's data."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from utility_crm.auth.doors import HELPED, LOOKED_FOR, MISSED, Door
from utility_crm.kit.clock import utc_now
from utility_crm.kit.errors import CareError, NotFound
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.settings import settings
from utility_crm.knowledge.actions import vote
from utility_crm.knowledge.domain.markdown import as_html
from utility_crm.knowledge.finding import Findings, note_miss, search
from utility_crm.knowledge.queries import articles_shown, public_article
from utility_crm.web.posting import Posting
from utility_crm.web.visit import know_whether_simulated, open_session, present, today
from utility_crm.web.words import LANGUAGES, best_language

router = APIRouter()
PATH = "/help"
LONGEST_SEARCH = 100


@router.get("/help")
def shelf(request: Request, q: str = "", language: str = "") -> Response:
    """Every public article of a language by subject, or what a search finds."""
    now, tongue = present(), _language(request, language)
    with open_session(request) as session:
        know_whether_simulated(request, session)
        typed = q[:LONGEST_SEARCH]
        found: Findings | None = None
        if typed.strip():
            if not _opens(request, session, LOOKED_FOR):
                return _too_many(request, tongue)
            found = search(session, typed, language=tongue, today=today(now), agents=False)
            if not found.hits and _opens(request, session, MISSED):
                note_miss(session, typed, found.language, now)
                session.commit()
        rows = [] if found else articles_shown(session, tongue, today(now), agents=False)
    return _page(request, "knowledge/public_shelf.html", tongue, rows=rows, found=found, q=typed)


@router.get("/help/{slug}")
def public(request: Request, slug: str, language: str = "", thanks: str = "") -> Response:
    """One article; in another language where it is not in this one, and said so."""
    now, tongue = present(), _language(request, language)
    with open_session(request) as session:
        know_whether_simulated(request, session)
        try:
            texts = public_article(session, slug, tongue, today(now))
        except NotFound:
            return _page(request, "knowledge/public_missing.html", tongue, status=404)
    html = Markup(as_html(texts[0].body))  # noqa: S704 - made safe
    others = [one.language for one in texts[1:]]
    return _page(
        request, "knowledge/public_article.html", tongue, article=texts[0], others=others, html=html,
        thanks=thanks if thanks in ("yes", "no") else "",
    )  # fmt: skip


@router.post("/help/{slug}/helped")
def helped(request: Request, slug: str, posted: Posting) -> Response:
    """Whether it helped, once a reader: told apart by a digest that leads back to nobody."""
    now, tongue = present(), _language(request, posted.text("language"))
    good = posted.text("helpful") == "yes"
    with open_session(request) as session:
        try:
            text = public_article(session, slug, tongue, today(now))[0]
        except CareError:
            return _page(request, "knowledge/public_missing.html", tongue, status=404)
        if not _opens(request, session, HELPED):
            return _too_many(request, tongue)
        missing = posted.text("missing")
        vote(session, text.version_id, voter=_reader(request), helpful=good, now=now, missing=missing)
        session.commit()
    where = f"{PATH}/{text.slug}?language={tongue}&thanks={'yes' if good else 'no'}"
    return Response(status_code=303, headers={"Location": where})


def _opens(request: Request, session: Session, door: Door) -> bool:
    """Whether one more is taken from where this comes from; it counts at once, whatever comes of it."""
    opens = door.knock(session, request.client.host if request.client else "", secret_key(), utc_now())
    session.commit()
    return opens


def _too_many(request: Request, language: str) -> HTMLResponse:
    answer = _page(request, "knowledge/public_missing.html", language, status=429, too_many=True)
    answer.headers["Retry-After"] = "900"
    return answer


def _reader(request: Request) -> str:
    address = request.client.host if request.client else ""
    told = "\n".join((secret_key(), address, request.headers.get("user-agent", "")))
    return f"web-{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def _language(request: Request, asked: str) -> str:
    if asked in LANGUAGES:
        return asked
    return best_language(request.headers.get("accept-language", ""), settings().language)


def _page(request: Request, template: str, language: str, status: int = 200, **context: Any) -> HTMLResponse:
    now = present()
    around = {
        "utility": settings().utility_name, "language": language, "languages": LANGUAGES,
        "demo": settings().demo or request.app.state.simulated, "today": today(now), "now": now,
        "path": request.url.path,
    }  # fmt: skip
    body = request.app.state.templates.render(template, language, around | context)
    return HTMLResponse(body, status, headers={"Vary": "Accept-Language"})
