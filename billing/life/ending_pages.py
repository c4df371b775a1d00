"""What was agreed of a contract, put right on the customer page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.contract_terms import LONGEST_NOTICE, ContractTerms, set_contract_terms
from billing.life.endings import KEY
from billing.wording import say
from utility_crm.customers.pages import customer_page
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit

if TYPE_CHECKING:
    from utility_crm.web.forms import Posted

router = APIRouter()


@router.post("/customers/{customer_id}/contracts/{agreement_id}")
def agreed(request: Request, customer_id: int, agreement_id: int, posted: Posting) -> Response:
    """Term, fixed price, guarantee and notice of a contract, with a reason."""
    with visit(request, "supply.change") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            terms = ContractTerms(
                _day(posted, "term_on"), _day(posted, "fixed_on"), _day(posted, "guaranteed_on"),
                posted.whole("notice_days", 0, LONGEST_NOTICE).read if posted.text("notice_days") else None,
            )  # fmt: skip
            posted.check()
            kept = set_contract_terms(v.session, customer_id, agreement_id, terms, why=posted.text("why"))
            words = _("Kept what was agreed.") if kept else _("It is so already.")
            return v.done(words, path, nothing=not kept, ask=KEY)

        def page() -> Response:
            return customer_page(v, customer_id, KEY, params={"agreement": str(agreement_id)})

        return handled(v, posted, "contract", act, page, back=f"{path}?ask={KEY}")


def _day(posted: Posted, name: str) -> date | None:
    return posted.day(name).read if posted.text(name) else None
