"""The room of value: who brings what, what is at stake, what to do next, how content they are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from churn.pages import narrowed_now
from churn.value import desk_pages
from churn.value.page import Asked, value_page
from churn.value.pictures import STOPS
from churn.value.queries import STEPS, Valued, ValueState, next_ones, state
from churn.value.words import BY_WORDS, SEGMENT_WORDS, STEP_TONES, STEP_WORDS, reason_said
from utility_crm.kit.formulas import cells
from utility_crm.web.visit import visit

router = APIRouter()
router.include_router(desk_pages.router)
PATH = "/value"
_HEAD = (
    "customer_number", "name", "segment", "area", "tariff", "chance", "revenue_minor", "margin_minor",
    "worth_minor", "at_stake_minor", "step", "reason", "offer", "saved_minor", "why",
)  # fmt: skip


@router.get("/value")
def value(
    request: Request,
    ask: str = "",
    segment: str = "",
    step: str = "",
    by: str = "",
    saved: str = "",
    skip: int = 0,
) -> Response:
    """Four questions: who brings how much, what is at stake, what to do next, how content are they."""
    with visit(request, "leavers.read") as v:
        page = value_page(v.session, Asked.of(ask, segment, step, by, saved, skip), v.now)
        return v.render(
            "value/value.html", page=page, asked=page.asked, known=page.state, path=PATH, stops=STOPS,
            segment_words=SEGMENT_WORDS, step_words=STEP_WORDS, step_tones=STEP_TONES, by_words=BY_WORDS,
            reason=lambda key: reason_said(key, v.user.language), narrows=narrowed_now(request),
        )  # fmt: skip


@router.get("/value.csv")
def download(request: Request, segment: str = "", step: str = "") -> Response:
    """What to do next about everybody, narrowed as on the page, as a file for a spreadsheet."""
    with visit(request, "leavers.read") as v:
        known = state(v.session)
        asked = Asked.of("next", segment, step, "", "", 0)
        found = next_ones(v.session, step=asked.step, segment=asked.segment, rows=None) if known else []
        out = StringIO()
        writer = csv.writer(out)
        writer.writerow(_HEAD)
        if known:
            writer.writerows(_cells(found, known, v.user.language))
        name = f"next-{known.day if known else v.today}.csv"
        return Response(
            out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _cells(found: list[Valued], known: ValueState, language: str) -> Iterator[list[object]]:
    """Unknown is an empty cell."""
    assert set(STEP_WORDS) == set(STEPS)
    for one in found:
        told = (
            one.number, one.name, one.segment, one.area, one.tariff,
            None if one.chance is None else f"{one.chance:.4f}", one.revenue_minor, one.margin_minor,
            one.worth_minor, one.at_stake_minor, one.step, one.reason, one.offer, one.saved_minor,
            f"{known.offer_name(one.offer)}: {reason_said(one.reason, language)}" if one.offer
            else reason_said(one.reason, language),
        )  # fmt: skip
        yield cells(told)
