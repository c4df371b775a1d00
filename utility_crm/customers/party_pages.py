"""Who may speak for a customer, taken down and ended; that somebody has died."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.customers.conversations import TOPICS
from utility_crm.customers.limits import those_seen
from utility_crm.customers.pages import customer_page, must_see
from utility_crm.customers.parties import KIND_WORDS, NewRelation, add_relation, end_relation, note_death
from utility_crm.kit.settings import settings
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()
ASK = "parties"


@router.post("/customers/{customer_id}/relations")
def add(request: Request, customer_id: int, posted: Posting) -> Response:
    """Somebody may speak for them, lives or works there."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            must_see(v, customer_id)
            kind = posted.one_of("kind", KIND_WORDS)
            until = posted.day("until") if posted.text("until") else None
            about = tuple(one for one in posted.every("about") if one in TOPICS)
            new = NewRelation(
                kind.value, " ".join(posted.text("name").split()), v.today,
                until.value + timedelta(days=1) if until else None,
                reach=posted.text("reach"), role=posted.text("role"), about=about, proof=posted.text("proof"),
            )  # fmt: skip
            add_relation(
                v.session, customer_id, new, by=v.user.id, now=v.now, country=settings().country,
                knows=lambda other: bool(those_seen(v.session, v.user, [other])),
            )  # fmt: skip
            return v.done(_("Kept: %(name)s.", name=new.name), path, ask=ASK)

        return handled(v, posted, "relation", act, lambda: customer_page(v, customer_id, ASK, params={}))


@router.post("/customers/{customer_id}/relations/{relation_id}/end")
def end(request: Request, customer_id: int, relation_id: int, posted: Posting) -> Response:
    """From today on no more."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            must_see(v, customer_id)
            end_relation(v.session, customer_id, relation_id, by=v.user.id, today=v.today, now=v.now)
            return v.done(_("It holds no more."), path, ask=ASK)

        name = f"relation-{relation_id}"
        return handled(v, posted, name, act, lambda: customer_page(v, customer_id, ASK, params={}))


@router.post("/customers/{customer_id}/death")
def death(request: Request, customer_id: int, posted: Posting) -> Response:
    """They have died: offers and reminders end, whoever settles their affairs is spoken with."""
    with visit(request, "contacts.write") as v:
        _, path = translator(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            died_on = posted.day("died_on") if posted.text("died_on") else None
            posted.check()
            day = died_on.value if died_on else None
            if not note_death(v.session, customer_id, day, posted.text("why"), today=v.today):
                return v.done(_("This is known already."), path, nothing=True, ask=ASK)
            words = _("Kept. Offers and reminders are not sent any more.")
            return v.done(words if day else _("Kept: they have not died."), path, ask=ASK)

        return handled(v, posted, "death", act, lambda: customer_page(v, customer_id, ASK, params={}))
