"""The calls of the day, a call nobody is found for, and calling by a click."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy import select, update
from starlette.responses import HTMLResponse, Response

from utility_crm.auth.tables import User
from utility_crm.customers.desk import known_now, midnight
from utility_crm.customers.limits import AMONG, those_seen
from utility_crm.customers.search import find
from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.telephony.actions import OURS, link_customer, name_call, note_caller
from utility_crm.telephony.customer import line_banner
from utility_crm.telephony.dialling import dialler_of
from utility_crm.telephony.elsewhere import call_elsewhere
from utility_crm.telephony.lengths import long
from utility_crm.telephony.matching import callers, normal_number, spoken_for
from utility_crm.telephony.queries import call_figures, calls_that, the_call
from utility_crm.telephony.tables import Call
from utility_crm.web.posting import Posting, begun, finished, handled, let_go
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark, translator

router = APIRouter()
QUESTIONS: Final = ("now", "unlogged", "missed", "unknown")
PACKAGE: Final = "utility_crm.telephony"
_FOUND: Final = 12


@router.get("/telephone")
def calls(request: Request, ask: str = "now") -> Response:
    """Who is on the line, what is not logged, whom nobody answered, who is not known."""
    with visit(request, "calls.read") as v:
        chosen = ask if ask in QUESTIONS else "now"
        since = midnight(v.today - timedelta(days=1))  # who rang in the evening is called back now
        rows = calls_that(v.session, chosen, v.user, since=since, now=v.now)
        return v.render(
            "telephony/calls.html",
            chosen=chosen,
            figures=call_figures(v.session, v.user, since=since, now=v.now),
            rows=rows,
            lengths={row.id: long(row.talked_seconds, v.user.language) for row in rows},
        )


@router.get("/telephone/{call_id}")
def call(request: Request, call_id: int, q: str = "") -> Response:
    """Who is it? Those with this number to choose from, else a search; who is known leads to their page."""
    with visit(request, "calls.take") as v:
        one = the_call(v.session, call_id)
        if one.customer_id is not None and not q:
            return v.redirect(f"/customers/{one.customer_id}", call=call_id)
        return _who(v, call_id, q)


def _who(v: Visit, call_id: int, q: str) -> HTMLResponse:
    one = the_call(v.session, call_id)
    number = normal_number(one.number, settings().country)
    known = [] if q else callers(v.session, number, v.today)
    seen = those_seen(v.session, v.user, [one.id for one in known])
    known = [one for one in known if one.id in seen]
    words, language = q or one.number, v.user.language
    speakers = {
        who.id: spoken_for(who.speaks_as, who.speaker, who.name, language) for who in known if who.speaks_as
    }
    finders = v.request.app.state.searches
    most = _FOUND * (AMONG if v.user.area_ids else 1)
    hits = [] if known else find(v.session, words, most, country=settings().country, finders=finders)
    seen = those_seen(v.session, v.user, [hit.customer_id for hit in hits])
    hits = [hit for hit in hits if hit.customer_id in seen][:_FOUND]
    banners = known_now(v.session, v.request.app.state.desk_banners, v.now, v.user.language)
    return v.render(
        "telephony/who.html", call=one, known=known, hits=hits, q=q, words=words, banners=banners,
        line=line_banner(one, v.user.id, language), speakers=speakers,
    )  # fmt: skip


@router.get("/elsewhere/{call}")
def elsewhere(request: Request, call: int) -> Response:
    """A call of another area's customer: whom to hand it over to, and nothing of who it is."""
    with visit(request, "calls.take") as v:
        found = call_elsewhere(v.session, call, v.user.id, v.now)
        return v.render("telephony/elsewhere.html", call=found)


@router.get("/elsewhere/{call}/line")
def elsewhere_line(request: Request, call: int) -> Response:
    """That it rings, for a page that is open."""
    with visit(request, "calls.take") as v:
        found = call_elsewhere(v.session, call, v.user.id, v.now)
        return HTMLResponse(v.fragment("telephony/elsewhere_line.html", call=found))


@router.get("/telephone/{call_id}/line")
def line(request: Request, call_id: int) -> Response:
    """What is said across the page of a call as it stands; for a page that is open."""
    with visit(request, "calls.take") as v:
        one = the_call(v.session, call_id)
        banner = line_banner(one, v.user.id, v.user.language)
        return HTMLResponse(v.fragment("telephony/line.html", call=one, banner=banner))


@router.post("/telephone/{call_id}/customer")
def is_customer(request: Request, call_id: int, posted: Posting) -> Response:
    """This is who it is."""
    with visit(request, "calls.take") as v:

        def act() -> Response:
            customer_id = posted.whole("customer", 1, 10**9).value
            link_customer(v.session, call_id, customer_id, v.now)
            return v.redirect(f"/customers/{customer_id}", call=call_id)

        return handled(v, posted, "customer", act, lambda: _who(v, call_id, ""))


@router.post("/telephone/{call_id}/caller")
def caller(request: Request, call_id: int, posted: Posting) -> Response:
    """Who called, of somebody nobody knows."""
    with visit(request, "calls.take") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            note_caller(v.session, call_id, caller=posted.text("caller"), note=posted.text("note"))
            return v.done(_("Who called is noted."), "/telephone", ask="unknown")

        return handled(v, posted, "caller", act, lambda: _who(v, call_id, ""))


@router.get("/telephone/{call_id}/recording")
def recording(request: Request, call_id: int) -> Response:
    """Leads to what was recorded, at the telephone system."""
    with visit(request, "calls.listen") as v:
        one = the_call(v.session, call_id)
        if not one.recording:
            raise NotFound("no_recording", mark("Nothing was recorded of this call."), str(call_id))
        return Response(status_code=303, headers={"Location": one.recording})


@router.post("/telephone")
def dial(request: Request, posted: Posting) -> Response:
    """Call a number from the telephone of whoever clicked. The call is kept before the telephone system is
    asked, and no connection is held while it answers. The same click sent again, since no answer to it came,
    leads to the call and rings nobody a second time."""
    dialler = dialler_of(settings())
    with visit(request, "calls.take") as v:
        if (before := begun(v, posted)) is not None:
            return before
        said, customer = posted.text("number"), posted.whole("customer", 0, 10**9).value
        back = f"/customers/{customer}" if customer else "/telephone"
        number = normal_number(said, settings().country)
        extension = v.session.scalar(select(User.extension).where(User.id == v.user.id))
        if not number:
            raise Invalid("phone", mark("“%(value)s” is no number to call."), "number", value=said)
        if dialler is None or extension is None:
            raise Invalid(
                "no_extension", mark("You have no telephone here: an admin gives you its extension.")
            )
        reference = f"{OURS}{secrets.token_hex(8)}"
        row = Call(
            provider_call=reference, direction="out", state="dialling", number=number, number_said=said,
            extension=extension, user_id=v.user.id, began_at=v.now, customer_id=customer or None,
        )  # fmt: skip
        v.session.add(row)
        v.session.flush()
        call_id = row.id
        finished(v, posted, lambda: v.redirect(back, call=call_id))
    failed: CareError | None = None
    try:
        name = dialler.dial(extension=extension, number=number, reference=reference)
    except CareError as error:
        failed, name = error, ""
    with visit(request, "calls.take") as v:
        if failed is not None:
            v.session.execute(update(Call).where(Call.id == call_id).values(state="ended", ended_at=v.now))
            let_go(v, posted)
            v.session.commit()  # that it was tried stays
            raise failed
        if name:
            call_id = name_call(v.session, reference, name) or call_id
        _ = translator(v.user.language, PACKAGE)
        words = _("Your telephone rings; then we call %(number)s.", number=said)
        return finished(v, posted, lambda: v.done(words, back, call=call_id))
