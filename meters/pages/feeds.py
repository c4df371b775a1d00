"""The feeds of ops: what is in, what was refused, what has no place; files taken or only looked at."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, Response

from meters.actions import ingest
from meters.completeness import refresh
from meters.feeds.formats import formats
from meters.feeds.reading import read_feed
from meters.inspection import inspection
from meters.pages.feed_page import feed_page
from meters.pages.feeds_call import FeedsCall
from meters.pages.feeds_page import chosen_question, feeds_page, sheet_of
from meters.pages.profiles import how_to_read, keep_as_profile, profile_pairs
from meters.pages.uploading import (
    MOST_MEGABYTES,
    WORDS_FOR_TOO_MUCH,
    SentForm,
    UploadRoute,
    put_down,
    sent_form,
)
from meters.places import assign_service_point
from meters.standard_time import StandardTimes
from utility_crm.kit.errors import CareError, Conflict, Invalid, NotFound
from utility_crm.kit.settings import settings
from utility_crm.web.visit import Visit, visit

router = APIRouter()
uploads = APIRouter(route_class=UploadRoute, max_body_size=WORDS_FOR_TOO_MUCH)
Text = Annotated[str, Form()]
Sent = Annotated[SentForm, Depends(sent_form)]


@router.get("/feeds")
def feeds(request: Request, ask: str = "") -> Response:
    """The questions (`meters.pages.questions`); each reads its own parameters of the page."""
    with visit(request, "feeds.run") as v:
        return feeds_response(v, ask)


@uploads.post("/feeds")
def take(request: Request, sent: Sent) -> Response:
    """Take files in, one after the other: each is whole or not there, whatever becomes of the next."""
    with visit(request, "feeds.run") as v:
        try:
            how = how_to_read(v.session, sent)
            keep_as_profile(v.session, sent, how, v.user.id)
        except (Conflict, Invalid, NotFound) as refused:
            return feeds_response(v, "came", status=422, refused=refused, given=sent.given)
        taken = []
        for upload in sent.files:
            with put_down(upload) as path:
                taken.append(ingest(v.session, path, how, v.user.id))
            v.session.commit()
        refresh(v.session, v.today, v.now, wait=False)
        if len(taken) == 1:
            return v.redirect(f"/feeds/{taken[0].feed_id}")
        return v.redirect("/feeds", ask="came", fresh=taken[0].feed_id)


@uploads.post("/feeds/inspect")
def inspect(request: Request, sent: Sent) -> Response:
    """Say what is in files without taking them."""
    with visit(request, "feeds.run") as v:
        try:
            how = how_to_read(v.session, sent)
        except (Invalid, NotFound) as refused:
            return feeds_response(v, "came", status=422, refused=refused, given=sent.given)
        options, found = how.read_options(StandardTimes(v.session)), []
        for upload in sent.files:
            with put_down(upload) as path:
                [document] = inspection([read_feed(path, how.format_name, options)])["files"]
                found.append(document | {"name": path.name})
        return v.render("meters/inspected.html", files=found)


router.include_router(uploads)


@router.post("/feeds/places")
def place(request: Request, service_point: Text = "", premise: Text = "") -> Response:
    """Hang a service point on a premise; what cannot be is shown again with its reason."""
    with visit(request, "feeds.run") as v:
        try:
            assign_service_point(v.session, service_point, premise.strip())
        except (NotFound, Conflict) as refused:
            wrong = {"service_point": service_point, "premise": premise}
            return feeds_response(v, "places", status=422, refused=refused, given=wrong)
        refresh(v.session, v.today, v.now, wait=False)  # its readings are due from now on
        return v.redirect("/feeds", ask="places")


@router.get("/feeds/{feed_id}")
def feed(request: Request, feed_id: int, ask: str = "") -> Response:
    """One feed: what became of it, what was left out, what it brought and what it replaced."""
    with visit(request, "feeds.run") as v:
        return v.render("meters/feed.html", page=feed_page(v.session, feed_id, ask))


def feeds_response(
    v: Visit,
    ask: str,
    *,
    status: int = 200,
    refused: CareError | None = None,
    given: dict[str, Any] | None = None,
) -> Response:
    """The page around the chosen sheet; for htmx that sheet alone. `refused` and `given` are what a refused
    form shows again."""
    call = FeedsCall(
        v.session, v.today, v.now, settings().timezone, v.user.language, dict(v.request.query_params)
    )
    question = chosen_question(ask)
    form = {"question": question, "refused": refused, "given": given or {}}
    shown = sheet_of(call, question)
    sheet = v.fragment(shown.template, **form, **shown.context)
    if v.hx:
        return HTMLResponse(sheet, status, headers={"Vary": "HX-Request, Cookie"})
    return v.render(
        "meters/feeds.html",
        status,
        **form,
        page=feeds_page(call),
        sheet=sheet,
        format_pairs=[
            ("auto", v.text("seen from its content")),
            *((name, name.upper()) for name in formats()),
        ],
        profile_pairs=profile_pairs(v.session),
        most_megabytes=MOST_MEGABYTES,
    )
