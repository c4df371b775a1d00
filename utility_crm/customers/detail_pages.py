"""A customer's details and marks of care changed on their page, each with its reason."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.customers.care import KINDS, end_care, keep_care
from utility_crm.customers.editing import SEGMENTS, WAYS, Details, change_details, details_of, no_word_stays
from utility_crm.customers.pages import customer_page, must_see
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()
ASK = "details"


@router.post("/customers/{customer_id}/details")
def details(request: Request, customer_id: int, posted: Posting) -> Response:
    """Name, language, segment, how and when they like to be spoken with."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            must_see(v, customer_id)
            name, language = posted.must("name"), posted.must("language")
            segment = posted.one_of("segment", SEGMENTS)
            channel = posted.one_of("preferred_channel", ("", *WAYS))
            posted.check()
            new = Details(
                name.value, language.value, segment.value, channel.value, tuple(posted.every("times"))
            )  # fmt: skip
            held = details_of(v.session, customer_id)
            changed = change_details(
                v.session, customer_id, new, why=posted.text("why"), seen=posted.text("seen")
            )
            if not changed:
                return v.done(_("It is so already."), path, nothing=True, ask=ASK)
            posted.sure(
                _("No word of the name stays: is it somebody else, who should be a customer of their own?")
                if no_word_stays(held.name, name.value)
                else "",
                _("Tariffs, promised times and rules go by the segment: from now on they are of another.")
                if segment.value != held.segment
                else "",
                do=_("Change it all the same"),
            )
            return v.done(_("Kept, with who changed it and why."), path, ask=ASK)

        return handled(v, posted, ASK, act, lambda: customer_page(v, customer_id, ASK, params={}))


@router.post("/customers/{customer_id}/care/{flag}")
def care(request: Request, customer_id: int, flag: str, posted: Posting) -> Response:
    """Medical equipment, vulnerability, or needs in dealing with us: of which kind, until when it holds."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            must_see(v, customer_id)
            review_on = posted.day("review_on")
            posted.check()
            kept = keep_care(
                v.session, customer_id, flag, kinds=posted.every("kinds"), detail=posted.text("detail"),
                review_on=review_on.value, agreed=bool(posted.text("agreed")), why=posted.text("why"),
                seen=posted.text("seen"), today=v.today, now=v.now,
            )  # fmt: skip
            words = _("Kept, with their consent and who took it down.") if kept else _("It is so already.")
            return v.done(words, path, nothing=not kept, ask=ASK)

        name = f"care-{flag}" if flag in KINDS else "care"
        return handled(v, posted, name, act, lambda: customer_page(v, customer_id, ASK, params={}))


@router.post("/customers/{customer_id}/care/{flag}/end")
def no_care(request: Request, customer_id: int, flag: str, posted: Posting) -> Response:
    """It is not so any more, or they do not want it kept."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            must_see(v, customer_id)
            end_care(v.session, customer_id, flag, posted.text("why"), seen=posted.text("seen"))
            return v.done(_("It is not kept any more; that it was, is."), path, ask=ASK)

        name = f"care-end-{flag}" if flag in KINDS else "care-end"
        return handled(v, posted, name, act, lambda: customer_page(v, customer_id, ASK, params={}))
