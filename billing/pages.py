"""The bill page, the page of a tariff, and all other rooms of billing."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.answers_api import router as answers_router
from billing.bill_page import QUESTIONS, BareBill, bill_page
from billing.corrections.pages import router as corrections_router
from billing.customer.why import explanation_context
from billing.documents.making import document_of
from billing.domain.money import micro_text
from billing.dunning.pages import router as dunning_router
from billing.life.deposit_pages import router as deposits_router
from billing.life.ending_pages import router as endings_router
from billing.life.fixed_pages import router as fixed_router
from billing.life.pages import router as supply_router
from billing.money_in.agreement_pages import router as agreements_router
from billing.money_in.api import router as payments_router
from billing.money_in.dispute_pages import router as disputes_router
from billing.money_in.giving_back_pages import router as giving_back_router
from billing.money_in.pages import router as money_router
from billing.money_in.pages import uploads as money_uploads
from billing.money_in.payment_pages import router as telephone_router
from billing.queries.tariffs import tariff_named
from billing.room_pages import router as room_router
from billing.what_if.pages import router as what_if_router
from billing.wording import bill_label, bill_label_year, bill_name, day_kinds, per_said, power_said, tier_said
from utility_crm.web.masking import must_be_verified
from utility_crm.web.visit import visit

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
router.include_router(room_router)
router.include_router(disputes_router)
router.include_router(endings_router)
router.include_router(fixed_router)
router.include_router(deposits_router)
router.include_router(giving_back_router)
router.include_router(dunning_router)


@router.get("/bills/{number}.pdf")
def document(request: Request, number: str) -> Response:
    """The bill as the customer has it: PDF/A, in the customer's language."""
    with visit(request, "bills.read") as v:
        must_be_verified(v.whose(), work="personal.work")
        content = document_of(v.session, number)
    name = quote(f"{number}.pdf")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/bills/{number}")
def bill(request: Request, number: str, ask: str = "charge", line: int = 0) -> Response:
    """One bill as issued; `line` is the position of the charge that is asked about."""
    with visit(request, "bills.read") as v:
        page = bill_page(v.session, number, line, v.user.language)
        if isinstance(page, BareBill):
            name, asked = bill_label_year(page.bill, v.user.language), "paid" if ask == "paid" else "total"
            return v.render("billing/bare_bill.html", page=page, name=name, ask=asked)
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


@router.get("/billing/tariffs/{code}")
def tariff(request: Request, code: str) -> Response:
    """One tariff with its versions."""
    with visit(request, "bills.read") as v:
        found = tariff_named(v.session, code)
        names = dict(dict(found.labels).get(v.user.language, ()))
        return v.render(
            "billing/tariff.html",
            tariff=found,
            said=lambda label: names.get(label, label),
            day_words=partial(day_kinds, language=v.user.language),
            tier_said=partial(tier_said, language=v.user.language),
            per_said=partial(per_said, language=v.user.language),
            power_said=partial(power_said, language=v.user.language),
            micro_text=micro_text,
        )
