"""The marketer's list of those who may leave."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from churn.card.page import QUESTIONS as CARD_QUESTIONS
from churn.card.page import card_page, why
from churn.leavers_page import QUESTIONS, leaver_rows, leavers_page
from churn.queries import Narrowed, leavers, model_card
from churn.registry_words import STATES
from churn.words import SEGMENTS, Words
from utility_crm.kit.formulas import cells
from utility_crm.web.visit import visit

router = APIRouter()


@router.get("/leavers")
def who_may_leave(
    request: Request, ask: str = "who", segment: str = "", area: str = "", skip: int = 0
) -> Response:
    """Four questions: who may leave, how good is this, why do they leave, whom did we lose."""
    with visit(request, "leavers.read") as v:
        chosen = ask if ask in QUESTIONS else "who"
        page = leavers_page(
            v.session, chosen, _narrowed(segment, area), max(0, skip), v.today, v.user.language
        )
        return v.render("churn/leavers.html", page=page, segments=SEGMENTS, narrows=narrowed_now(request))


@router.get("/leavers/model")
def model_card_page(request: Request, ask: str = "good") -> Response:
    """Six questions about the model in use; nothing of any customer."""
    with visit(request, "leavers.read") as v:
        page = card_page(v.session, ask if ask in CARD_QUESTIONS else "good", v.user.language)
        return v.render(
            "churn/model.html",
            page=page,
            words=Words(v.user.language),
            why=why,
            states=STATES,
            on=date.fromisoformat,
        )


@router.get("/leavers.csv")
def download(request: Request, segment: str = "", area: str = "") -> Response:
    """The whole list, narrowed as on the page, as a file for a spreadsheet."""
    with visit(request, "leavers.read") as v:
        card = model_card(v.session)
        words = Words(v.user.language)
        found = leavers(v.session, _narrowed(segment, area), rows=None) if card else []
        out = StringIO()
        writer = csv.writer(out)
        writer.writerow(_HEAD)
        for row in leaver_rows(found, card, words) if card else ():
            one = row.leaver
            said = [cell for reason in row.reasons for cell in (reason.text, reason.points)]
            writer.writerow(
                cells((one.rank, one.number, one.name, one.segment, one.area, one.tariff,
                       f"{one.score:.4f}", *said))
            )  # fmt: skip
        name = f"leavers-{card.as_of if card else v.today}.csv"
        return Response(
            out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


_HEAD = (
    "rank", "customer_number", "name", "segment", "area", "tariff", "chance",
    "reason_1", "points_1", "reason_2", "points_2", "reason_3", "points_3",
)  # fmt: skip


def _narrowed(segment: str, area: str) -> Narrowed:
    return Narrowed(segment if segment in SEGMENTS else "", area)


def narrowed_now(request: Request) -> bool:
    """Whether the form that narrows a sheet asks. It swaps the sheet alone, so the questions beside it come
    along, with its choice in their links."""
    return request.headers.get("HX-Trigger") == "narrow"
