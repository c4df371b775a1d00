"""The room of campaigns: what runs, a new one, one of them, and what it brought as a file."""

from __future__ import annotations

import csv
from functools import partial
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from churn.campaigns.drafting import draft_campaign
from churn.campaigns.forms import read_wanted
from churn.campaigns.queries import choosable
from churn.campaigns.rendering import PATH, list_page, one_page, say, typed
from churn.campaigns.results import results
from utility_crm.kit.formulas import cells
from utility_crm.kit.settings import settings
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit

router = APIRouter()
_HEAD = (
    "outcome", "arm", "segment", "count", "of", "control", "of_control", "effect", "low", "high", "verdict",
    "judged_on",
)  # fmt: skip


@router.get("/campaigns")
def campaigns(request: Request, ask: str = "now") -> Response:
    """What runs, what is over, and the form of a new one. The address may name whatever stands in the form:
    `saved`, the id of a segment, or `tree`, a question of the builder's, say."""
    with visit(request, "campaigns.read") as v:
        return list_page(v, ask, _given(request))


@router.post("/campaigns")
def new(request: Request, posted: Posting) -> Response:
    """A new draft."""
    with visit(request, "campaigns.run") as v:

        def act() -> Response:
            _ = say(v)
            currency = settings().currency
            wanted = read_wanted(v, posted, choosable(v.session, currency), currency)
            made = draft_campaign(v.session, wanted, now=v.now, by=v.user.id)
            return v.done(_("The draft is kept; nothing is sent yet."), f"{PATH}/{made}", ask="arms")

        page = partial(list_page, v, "new", typed(posted))
        return handled(v, posted, "campaign", act, page, back=PATH)


@router.get("/campaigns/{campaign_id}")
def campaign(request: Request, campaign_id: int, ask: str = "", arm: str = "") -> Response:
    """One campaign; of a draft also the form of an arm (`arm`: its letter)."""
    with visit(request, "campaigns.read") as v:
        return one_page(v, campaign_id, ask, arm, _given(request))


@router.get("/campaigns/{campaign_id}/results.csv")
def download(request: Request, campaign_id: int) -> Response:
    """What it brought, by arm and segment, for a spreadsheet."""
    with visit(request, "campaigns.read") as v:
        told = results(v.session, campaign_id, v.today)
        out = StringIO()
        writer = csv.writer(out)
        writer.writerow(_HEAD)
        for row in told.rows:
            ends = (
                ("", "", "")
                if row.effect is None
                else tuple(f"{x:.6g}" for x in (row.effect.difference, row.effect.low, row.effect.high))
            )
            writer.writerow(
                cells((row.outcome, row.arm or "all", row.segment or "all", row.count, row.of, row.control,
                       row.of_control, *ends, row.verdict, row.judged_on or ""))
            )  # fmt: skip
        name = f"{told.campaign.code}-{v.today}.csv"
        return Response(
            out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _given(request: Request) -> dict[str, str]:
    """What an address says of a form."""
    return {name: value.replace("\0", "").strip() for name, value in request.query_params.items()}
