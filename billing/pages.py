"""The bill page and the billing room."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from billing.actions.holds import keep_held, release_held
from billing.answers_api import router as answers_router
from billing.bill_page import QUESTIONS, bill_page
from billing.billing_room import ASKED, billing_room
from billing.corrections.pages import router as corrections_router
from billing.customer.why import explanation_context
from billing.cycles import month_of_cycle
from billing.documents.making import document_of
from billing.domain.money import micro_text
from billing.hold_words import SHORT, hold_words, use_columns
from billing.life.pages import router as supply_router
from billing.money_in.agreement_pages import router as agreements_router
from billing.money_in.api import router as payments_router
from billing.money_in.pages import router as money_router
from billing.money_in.pages import uploads as money_uploads
from billing.money_in.payment_pages import router as telephone_router
from billing.queries.held import held_by_id
from billing.queries.tariffs import tariff_named
from billing.runs import issue_bills, issue_for_account
from billing.what_if.pages import router as what_if_router
from billing.wording import bill_label, bill_label_year, bill_name, day_kinds, per_said, tier_said
from utility_crm.web.visit import Visit, visit

router = APIRouter()
router.include_router(answers_router)
router.include_router(what_if_router)
router.include_router(supply_router)
router.include_router(payments_router)
router.include_router(money_router)
router.include_router(money_uploads)
router.include_router(corrections_router)
router.include_router(agreements_router)
router.include_router(telephone_router)
Text = Annotated[str, Form()]


@router.get("/bills/{number}.pdf")
def document(request: Request, number: str) -> Response:
    """The bill as the customer has it: PDF/A, in the customer's language."""
    with visit(request, "agent", "ops", "marketer") as v:
        content = document_of(v.session, number)
    name = quote(f"{number}.pdf")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/bills/{number}")
def bill(request: Request, number: str, ask: str = "charge", line: int = 0) -> Response:
    """One bill as issued; `line` is the position of the charge that is asked about."""
    with visit(request, "agent", "ops", "marketer") as v:
        page = bill_page(v.session, number, line)
        words: dict[str, Any] = explanation_context(page.explained, v.user.language) if page.explained else {}
        return v.render(
            "billing/bill.html",
            page=page,
            ask=ask if ask in QUESTIONS else "charge",
            name=bill_label_year(page.bill, v.user.language),
            short=bill_label(page.bill, v.user.language),
            before_name=bill_name(page.before, v.user.language) if page.before else "",
            before_label=bill_label(page.before, v.user.language) if page.before else "",
            day_columns=[(str(one.day.day), one.micro_kwh / 1_000_000) for one in page.days],
            highest_place=max(range(len(page.days)), key=lambda place: page.days[place].micro_kwh, default=0),
            estimated_places=[place for place, one in enumerate(page.days) if one.estimated],
            **words,
        )


@router.get("/billing")
def room(request: Request, ask: str = "", kept: str = "", period: str = "", held: int = 0) -> Response:
    """What is held, what the runs did, who was not billed, which tariffs there are; marketers read the
    tariffs."""
    with visit(request, "ops", "marketer") as v:
        return _room(v, ask, held=held, kept=kept, period=period)


def _room(
    v: Visit, ask: str, *, held: int = 0, status: int = 200, refused: str = "", given: str = "", **more: Any
) -> Response:
    """refused: what is wrong with the reason that was given for keeping a hold."""
    allowed = ASKED if v.user.role in ("ops", "admin") else ("tariffs",)
    language = v.user.language
    return v.render(
        "billing/room.html",
        status=status,
        page=billing_room(v.session, v.today, tariffs_alone=allowed == ("tariffs",), chosen=held),
        ask=ask if ask in allowed else allowed[0],
        allowed=allowed,
        said=partial(hold_words, language=language),
        short=lambda row: dict.fromkeys(v.text(SHORT.get(code, code)) for code in row.codes),
        columns=lambda row: use_columns(row.figures, language),
        refused=refused,
        given=given,
        **{"kept": "", "period": "", **more},
    )


@router.get("/billing/tariffs/{code}")
def tariff(request: Request, code: str) -> Response:
    """One tariff with its versions."""
    with visit(request, "ops", "marketer", "agent") as v:
        return v.render(
            "billing/tariff.html",
            tariff=tariff_named(v.session, code),
            day_words=partial(day_kinds, language=v.user.language),
            tier_said=partial(tier_said, language=v.user.language),
            per_said=partial(per_said, language=v.user.language),
            micro_text=micro_text,
        )


@router.post("/billing/runs")
def run(request: Request, period: Text = "", draft: Text = "") -> Response:
    """Bill the cycles that end in a month, or draft them, in units of work of the run's own."""
    with visit(request, "ops") as v:
        today, now, redirect, who = v.today, v.now, v.redirect, v.user.id
    done = issue_bills(
        request.app.state.engine, period.strip(), today=today, now=now, draft=bool(draft), started_by=who
    )
    if done.draft:
        return redirect("/billing", ask="runs", period=str(done.month))
    kept = f"{done.issued}-{done.unchanged}-{len(done.held)}"
    return redirect("/billing", ask="held" if done.held else "runs", kept=kept, period=str(done.month))


@router.post("/billing/held/{held_id}/release")
def release(request: Request, held_id: int, reason: Text = "") -> Response:
    """Let a draft through, and bill the account at once."""
    with visit(request, "ops") as v:
        held = held_by_id(v.session, held_id)
        release_held(v.session, held_id, v.user.id, v.now, reason)
        month = month_of_cycle(held.starts_on, held.cycle_day)
        done = issue_for_account(v.session, held.account_id, held.cycle_day, month, today=v.today, now=v.now)
        kept = f"{len(done.bill_ids)}-{done.unchanged}-{len(done.held)}"
        return v.redirect("/billing", ask="held", kept=kept, period=str(month))


@router.post("/billing/held/{held_id}/keep")
def keep(request: Request, held_id: int, reason: Text = "") -> Response:
    """Say why an account goes on waiting."""
    with visit(request, "ops") as v:
        if not reason.strip():
            refused = v.text("Say why it goes on waiting.")
            return _room(v, "held", held=held_id, status=422, refused=refused, given=reason)
        keep_held(v.session, held_id, v.user.id, v.now, reason)
        return v.redirect("/billing", ask="held", held=str(held_id))
