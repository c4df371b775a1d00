"""Verifying a caller, showing what is masked for a reason, and the end of the call."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.customers.pages import customer_page, proofs_of
from utility_crm.customers.proving import are_proved
from utility_crm.customers.verifying import end_call, keep_answers, keep_reason
from utility_crm.kit.errors import CareError, Invalid
from utility_crm.web.posting import Posting, handled, over_the_question, shown_again
from utility_crm.web.visit import visit
from utility_crm.web.words import mark, translator

router = APIRouter()


@router.post("/customers/{customer_id}/verify")
def verify(request: Request, customer_id: int, posted: Posting) -> Response:
    """Judge what the caller answered. A wrong answer is kept, too: it is one try less."""
    with visit(request, "callers.verify") as v:
        _ = translator(v.user.language)
        name, back = over_the_question(v, posted, "verify", f"/customers/{customer_id}")
        asked = proofs_of(v, customer_id)
        said = {one.key: posted.text(one.key) for one in asked}
        unsaid = replace(
            posted, values={key: posted.values[key] for key in ("do", "ask") if key in posted.values}
        )
        try:
            if not any(said.values()):
                words = mark("Write what they answered to two of the questions.")
                raise Invalid("unanswered", words)
            passed = are_proved(asked, said)
            answered = [one.ask for one in asked if said[one.key]]
            keep_answers(v.session, customer_id, by=v.user.id, asked=answered, passed=passed, now=v.now)
        except CareError as error:
            return shown_again(v, unsaid, name, error, lambda: customer_page(v, customer_id, ""), back=back)
        if passed:
            return v.done(_("Verified: what was masked is shown for this call."), f"/customers/{customer_id}")
        wrong = Invalid("not_proved", mark("That does not agree with what we know."))
        return shown_again(v, unsaid, name, wrong, lambda: customer_page(v, customer_id, ""), back=back)


@router.post("/customers/{customer_id}/see")
def see(request: Request, customer_id: int, posted: Posting) -> Response:
    """Show personal data without a caller; the reason is kept with who and when."""
    with visit(request, "personal.see") as v:
        _ = translator(v.user.language)

        def act() -> Response:
            keep_reason(v.session, customer_id, by=v.user.id, reason=posted.text("reason"), now=v.now)
            words = _("Shown for half an hour; the reason is kept.")
            return v.done(words, f"/customers/{customer_id}", ask=posted.text("ask"))

        return handled(
            v, posted, "see", act, lambda: customer_page(v, customer_id, posted.text("ask"), params={})
        )


@router.post("/customers/{customer_id}/hang-up")
def hang_up(request: Request, customer_id: int, posted: Posting) -> Response:
    """The call is over: what was shown for it is masked again."""
    with visit(request, "customers.read") as v:
        _ = translator(v.user.language)

        def act() -> Response:
            ended = end_call(v.session, customer_id, by=v.user.id, now=v.now)
            words = _("The call has ended: personal data is masked again.")
            return v.done(words, f"/customers/{customer_id}", nothing=not ended, ask=posted.text("ask"))

        return handled(
            v, posted, "hang-up", act, lambda: customer_page(v, customer_id, posted.text("ask"), params={})
        )
