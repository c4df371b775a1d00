"""The room of privacy: requests with their days, holds, archives, who was erased, how long things are
kept."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from utility_crm.kit.settings import settings
from utility_crm.privacy.customer_pages import router as of_customers
from utility_crm.privacy.exports import pieces, take
from utility_crm.privacy.queries import (
    erasures,
    exports,
    figures,
    holds,
    requests_closed,
    requests_open,
)
from utility_crm.privacy.retaining import nights, retained, set_months, would_go
from utility_crm.privacy.said import kinds_in_words
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, open_session, visit
from utility_crm.web.words import translator

router = APIRouter()
router.include_router(of_customers)
PACKAGE = "utility_crm.privacy"
QUESTIONS = ("requests", "holds", "archives", "erased", "retention")
LISTED = 100


@router.get("/privacy")
def privacy(request: Request, ask: str = "requests") -> Response:
    """Who asked for what, by when; what may not go; who was erased; how long things are kept."""
    with visit(request, "privacy.ask") as v:
        return _room(v, ask)


def _room(v: Visit, ask: str, kind: str = "") -> HTMLResponse:
    chosen = ask if ask in QUESTIONS else "requests"
    kept = chosen == "retention"
    return v.render(
        "privacy/privacy.html",
        chosen=chosen,
        figures=figures(v.session, v.today),
        requests=requests_open(v.session, LISTED) if chosen == "requests" else (),
        answered=requests_closed(v.session, 20) if chosen == "requests" else (),
        holds=holds(v.session, LISTED) if chosen == "holds" else (),
        archives=exports(v.session, LISTED) if chosen == "archives" else (),
        erased=erasures(v.session, LISTED) if chosen == "erased" else (),
        kinds=retained(v.session) if kept else (),
        older=would_go(v.session, v.now, settings().timezone) if kept else {},
        nights=nights(v.session) if kept else (),
        kind=kind or v.request.query_params.get("kind", ""),
        titles=kinds_in_words(v.user.language),
    )


@router.post("/privacy/retention/{kind}")
def retention(request: Request, kind: str, posted: Posting) -> Response:
    """A kind is kept so many months from now on, and whose rule that is; asked about first, in figures."""
    with visit(request, "privacy.retain") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            for_ever = posted.text("months").strip() == ""
            months = None if for_ever else posted.whole("months", 1, 1200).value
            because = posted.must("because", _("Say whose rule that is."))
            posted.check()
            before = set_months(v.session, kind, months, because.value, by=v.user.id, now=v.now)
            gone = would_go(v.session, v.now, settings().timezone)[kind].gone
            doubt = (
                _("%(rows)s rows are older than that and go tonight. They do not come back.", rows=gone)
                if gone
                else ""
            )
            posted.sure(doubt, do=_("Keep it so long"))
            if months == before.months:
                words = _("It was kept so long before; the reason is written down.")
            elif months is None:
                words = _("It is kept for ever now.")
            else:
                words = _("It is kept %(months)s months now.", months=months)
            return v.done(words, "/privacy", ask="retention")

        return handled(v, posted, f"keep-{kind}", act, lambda: _room(v, "retention", kind))


@router.get("/privacy/exports/{export_id}.zip")
def archive(request: Request, export_id: int) -> Response:
    """An archive leaves the house, once a sign-in."""
    with visit(request, "privacy.export") as v:
        one = take(
            v.session,
            export_id,
            user_id=v.user.id,
            sign_in_id=request.state.here.id,
            may_all=v.user.may("privacy.decide"),
            now=v.now,
        )
        name, size = f"{one.number}-{one.made_at:%Y-%m-%d}.zip", one.size_bytes
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingResponse(_streamed(request, export_id), media_type="application/zip", headers=headers)


def _streamed(request: Request, export_id: int) -> Iterator[bytes]:
    """Piece by piece, in a session of its own, since the visit is over by then."""
    with open_session(request) as session:
        yield from pieces(session, export_id)
