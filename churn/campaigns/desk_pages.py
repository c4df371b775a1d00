"""What an agent does with an offer: note the answer, call the next on a list, say what came of the call."""

from __future__ import annotations

from functools import partial
from typing import cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from churn.campaigns.answering import ANSWERS, Answer, answer
from churn.campaigns.calling import next_to_call, note_call
from churn.campaigns.rendering import PATH, one_page
from churn.campaigns.words import CALL_WORDS, PACKAGE
from utility_crm.customers.pages import customer_page
from utility_crm.web.formats import day_year
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()


@router.post("/customers/{customer_id}/offers")
def answered(request: Request, customer_id: int, posted: Posting) -> Response:
    """What they say to an offer; on a call from a list, what came of the call as well."""
    with visit(request, "campaigns.answer") as v:
        back = f"/customers/{customer_id}"
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            member = posted.whole("member", 1)
            said = posted.one_of("answer", (*ANSWERS, *CALL_WORDS))
            posted.check()
            if said.value in CALL_WORDS:
                list_of = posted.whole("campaign", 1)
                note_call(
                    v.session, list_of.value, member.value, customer_id, said.value, now=v.now, by=v.user.id
                )
                return v.done(_("Noted: %(result)s.", result=_(CALL_WORDS[said.value])), back)
            via = "call" if posted.text("campaign") else "desk"
            done = answer(
                v.session, member.value, cast("Answer", said.value), via="call" if via == "call" else "desk",
                today=v.today, now=v.now, by=v.user.id, customer_id=customer_id,
            )  # fmt: skip
            if via == "call" and not done.already:
                of_list = posted.whole("campaign", 1).value
                note_call(
                    v.session, of_list, member.value, customer_id, "talked", now=v.now, by=v.user.id,
                    answered=True,
                )  # fmt: skip
            day = "" if done.taken_on is None else day_year(done.taken_on, v.user.language)
            words = {
                "changed": _("Accepted: it holds from %(day)s.", day=day),
                "task": _("Accepted: a task sees to it, for it could not be done at once."),
                "credited": _("Accepted: the credit is booked."),
                "points": _("Accepted: the points are given."),
            }.get(done.outcome, _("Noted: not now.") if done.answer == "not_now" else _("Noted: declined."))
            return v.done(words, back, nothing=done.already)

        page = partial(customer_page, v, customer_id, "", params={"do": "q"})
        named = "".join(sign for sign in posted.text("member") if sign.isdecimal())[:20]
        return handled(v, posted, f"offer-{named}", act, page, back=back)


@router.post("/campaigns/{campaign_id}/calls/next")
def call_next(request: Request, campaign_id: int, posted: Posting) -> Response:
    """The page of the next on the list, held for whoever asked."""
    with visit(request, "campaigns.answer") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            found = next_to_call(v.session, campaign_id, v.user.id, today=v.today, now=v.now)
            if found is None:
                words = _("Nobody is left to call for now.")
                return v.done(words, f"{PATH}/{campaign_id}", ask="calls", nothing=True)
            return v.redirect(f"/customers/{found}", do="q")

        page = partial(one_page, v, campaign_id, "calls")
        return handled(v, posted, "next", act, page, back=f"{PATH}/{campaign_id}")
