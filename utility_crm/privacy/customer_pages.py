"""One customer's data: what there is, what would go and what would stay, and what is done about it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import HTMLResponse, Response

from utility_crm.auth.sealing import Sealer
from utility_crm.kit.errors import NotFound
from utility_crm.kit.settings import settings
from utility_crm.privacy.asking import CHANNELS, approve, ask, close, extend, lift_hold, place_hold
from utility_crm.privacy.domain.deadlines import month_after
from utility_crm.privacy.ending import open_sealed
from utility_crm.privacy.erasing import what_would
from utility_crm.privacy.exports import ask_archive
from utility_crm.privacy.queries import erasure_of, exports_of, holds_of, request_of, requests_of
from utility_crm.privacy.reading import judgement_of, scopes_of, whom
from utility_crm.privacy.said import in_the_way, keepings_in_words, kept_in_words, lines_in_words
from utility_crm.web.formats import day_year
from utility_crm.web.forms import Posted
from utility_crm.web.fresh import need_fresh_factor
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark, translator

router = APIRouter()
PACKAGE = "utility_crm.privacy"


@router.get("/privacy/customers/{customer_id}")
def data_of(request: Request, customer_id: int) -> Response:
    """What would go of a customer, what would stay, what stands in the way; requests, holds, archives."""
    with visit(request, "privacy.ask") as v:
        one = whom(v.session, customer_id)
        if one.merged_into_id is not None:
            return v.redirect(f"/privacy/customers/{one.merged_into_id}")
        if one.erased_on is not None:
            return v.redirect(f"/privacy/erased/{customer_id}")
        return _page(v, customer_id)


def _page(v: Visit, customer_id: int) -> HTMLResponse:
    one = whom(v.session, customer_id)
    if one.erased_on is not None:
        return _erased(v, customer_id)
    scopes = scopes_of(v.session, customer_id, v.today)
    judgement = judgement_of(v.session, scopes, settings().country, v.today)
    asked = requests_of(v.session, customer_id)
    return v.render(
        "privacy/customer.html",
        one=one,
        path=f"/privacy/customers/{customer_id}",
        judgement=judgement,
        in_the_way=in_the_way(judgement, v.user.language),
        kept=kept_in_words(judgement, v.user.language),
        lines=lines_in_words(what_would(v.session, scopes, judgement), v.user.language),
        requests=asked,
        standing={row.kind: row for row in asked if row.closed_at is None},
        holds=holds_of(v.session, customer_id),
        archives=exports_of(v.session, customer_id),
        channels=CHANNELS,
        review_on=month_after(v.today, 3),
    )


@router.post("/privacy/customers/{customer_id}/requests")
def note_request(request: Request, customer_id: int, posted: Posting) -> Response:
    """They asked for their data, or to be forgotten; the day by which it is done is said."""
    with visit(request, "privacy.ask") as v:
        _ = translator(v.user.language, PACKAGE)
        back = f"/privacy/customers/{customer_id}"

        def act() -> Response:
            kind, channel = posted.one_of("kind", ("export", "erasure")), posted.one_of("channel", CHANNELS)
            received, proof = posted.day("received_on"), posted.must(
                "proof", mark("Say how you know that it is they.")
            )  # fmt: skip
            posted.check()
            request_id = ask(
                v.session, customer_id, kind.value, channel.value, proof.value, received.value,
                by=v.user.id, now=v.now, today=v.today, country=settings().country,
            )  # fmt: skip
            row = request_of(v.session, request_id)
            assert row is not None
            day = day_year(row.due_on, v.user.language)
            return v.done(_("It is noted; they get an answer by %(day)s.", day=day), back)

        return handled(v, posted, "request", act, lambda: _page(v, customer_id), back=back)


@router.post("/privacy/customers/{customer_id}/holds")
def hold(request: Request, customer_id: int, posted: Posting) -> Response:
    """Nothing of them may go, and why."""
    with visit(request, "privacy.ask") as v:
        _ = translator(v.user.language, PACKAGE)
        back = f"/privacy/customers/{customer_id}"

        def act() -> Response:
            reason = posted.must("reason", mark("Say why nothing may go: a case in court, an inspection."))
            review_on = posted.day("review_on")
            posted.check()
            place_hold(
                v.session, customer_id, reason.value, review_on.value, by=v.user.id, now=v.now, today=v.today
            )
            return v.done(_("Nothing of them goes until this is lifted."), back)

        return handled(v, posted, "hold", act, lambda: _page(v, customer_id), back=back)


@router.post("/privacy/customers/{customer_id}/exports")
def make_archive(request: Request, customer_id: int, posted: Posting) -> Response:
    """Everything of them in one archive; the clock makes it."""
    with visit(request, "privacy.export") as v:
        need_fresh_factor(v)
        _ = translator(v.user.language, PACKAGE)
        back = f"/privacy/customers/{customer_id}"

        def act() -> Response:
            ask_archive(v.session, customer_id, by=v.user.id, now=v.now)
            words = _(
                "The archive is being made. It lies here for %(days)s days.", days=settings().archive_days
            )
            return v.done(words, back)

        return handled(v, posted, "archive", act, lambda: _page(v, customer_id), back=back)


@router.post("/privacy/holds/{hold_id}/lift")
def lift(request: Request, hold_id: int, posted: Posting) -> Response:
    """It is needed no more."""
    with visit(request, "privacy.decide") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            because = posted.must("because", mark("Say why it is needed no more."))
            posted.check()
            lift_hold(v.session, hold_id, because.value, by=v.user.id, now=v.now)
            return v.done(_("The hold is lifted."), _where(v, "hold", hold_id))

        return handled(v, posted, f"lift-{hold_id}", act, lambda: _where_page(v, "hold", hold_id))


@router.post("/privacy/requests/{request_id}/approve")
def approve_(request: Request, request_id: int, posted: Posting) -> Response:
    """A second person says that they may be forgotten."""
    with visit(request, "privacy.decide") as v:
        need_fresh_factor(v)
        return _decide(v, posted, request_id, "approve")


@router.post("/privacy/requests/{request_id}/extend")
def extend_(request: Request, request_id: int, posted: Posting) -> Response:
    """They get their answer later, and are told why."""
    with visit(request, "privacy.decide") as v:
        return _decide(v, posted, request_id, "extend")


@router.post("/privacy/requests/{request_id}/refuse")
def refuse(request: Request, request_id: int, posted: Posting) -> Response:
    """They do not get it, and are told why."""
    with visit(request, "privacy.decide") as v:
        return _decide(v, posted, request_id, "refuse")


@router.post("/privacy/requests/{request_id}/withdraw")
def withdraw(request: Request, request_id: int, posted: Posting) -> Response:
    """They do not want it any more."""
    with visit(request, "privacy.ask") as v:
        return _decide(v, posted, request_id, "withdraw")


def _decide(v: Visit, posted: Posted, request_id: int, what: str) -> Response:
    back = _where(v, "request", request_id)

    def act() -> Response:
        return v.done(_decided(v, posted, request_id, what), back)

    name = f"{what}-{request_id}"
    return handled(v, posted, name, act, lambda: _where_page(v, "request", request_id), back=back)


def _decided(v: Visit, posted: Posted, request_id: int, what: str) -> str:
    _ = translator(v.user.language, PACKAGE)
    known: dict[str, Any] = {"by": v.user.id, "now": v.now}
    if what == "approve":
        country = settings().country
        approve(v.session, request_id, **known, today=v.today, country=country)
        row = request_of(v.session, request_id)
        assert row is not None
        scopes = scopes_of(v.session, row.customer_id, v.today)
        judgement = judgement_of(v.session, scopes, country, v.today)
        gone = what_would(v.session, scopes, judgement)
        words = _(
            "%(rows)s rows in %(tables)s tables go or lose the person. It cannot be undone.",
            rows=sum(one.deleted + one.emptied for one in gone), tables=len(gone),
        )  # fmt: skip
        posted.sure(words, do=_("Erase %(name)s", name=row.name))
        return str(_("Approved. The clock erases them within minutes."))
    because = posted.must("because", mark("Say why; the customer is told."))
    posted.check()
    if what == "extend":
        day = extend(v.session, request_id, because.value, country=settings().country)
        return str(_("They get an answer by %(day)s.", day=day_year(day, v.user.language)))
    close(v.session, request_id, "refused" if what == "refuse" else "withdrawn", because.value, **known)
    return str(_("The request is closed."))


@router.get("/privacy/erased/{customer_id}")
def erased(request: Request, customer_id: int) -> Response:
    """That they were erased, and what is kept of them until when; nothing to act on."""
    with visit(request, "customers.read") as v:
        return _erased(v, customer_id)


@router.post("/privacy/erased/{customer_id}/open")
def open_(request: Request, customer_id: int, posted: Posting) -> Response:
    """What is sealed is shown once, to whom may, for a reason that is written down."""
    with visit(request, "privacy.decide") as v:
        need_fresh_factor(v)

        def act() -> Response:
            reason = posted.must("reason", mark("Say who asks for it: a tax office, a court."))
            posted.check()
            sealer: Sealer = request.app.state.sealer
            return _erased(v, customer_id, opened=open_sealed(v.session, customer_id, reason.value, sealer))

        return handled(v, posted, "open", act, lambda: _erased(v, customer_id))


def _erased(
    v: Visit, customer_id: int, *, opened: list[tuple[str, str, dict[str, Any]]] | None = None
) -> HTMLResponse:
    row = erasure_of(v.session, customer_id)
    if row is None:
        raise NotFound("erasure", mark("This customer was not erased."), str(customer_id))
    decides = v.user.may("privacy.decide")
    return v.render(
        "privacy/erased.html",
        row=row,
        titles=keepings_in_words(v.user.language),
        opened=opened,
        holds=holds_of(v.session, customer_id) if decides else (),
        path=f"/privacy/erased/{customer_id}",
    )


def _customer_of(v: Visit, kind: str, thing: int) -> int:
    if kind == "request":
        row = request_of(v.session, thing)
        if row is None:
            raise NotFound("request", mark("There is no such request."), str(thing))
        return int(row.customer_id)
    found = v.session.scalar(text("select customer_id from privacy_holds where id = :id"), {"id": thing})
    if found is None:
        raise NotFound("hold", mark("There is no such hold."), str(thing))
    return int(found)


def _where(v: Visit, kind: str, thing: int) -> str:
    return f"/privacy/customers/{_customer_of(v, kind, thing)}"


def _where_page(v: Visit, kind: str, thing: int) -> HTMLResponse:
    return _page(v, _customer_of(v, kind, thing))
