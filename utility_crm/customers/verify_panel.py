"""Verifying a caller, on the customer page: what is asked, what is known of them, how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from utility_crm.customers.card import CustomerCard
from utility_crm.customers.proving import ENOUGH, questions, unseen
from utility_crm.customers.verifying import LONGEST_REASON, tries_of
from utility_crm.kit.parts import Act, CustomerCall, Proof
from utility_crm.web.words import mark

ASKS = {
    "postcode": mark("postcode"),
    "phone": mark("telephone we have"),
    "email": mark("e-mail address we have"),
}


def own_proofs(card: CustomerCard) -> Sequence[Proof]:
    """What the ground knows of somebody. Their account is what they are found by, and stands on the page: it
    is not asked."""
    phones = tuple(point.value for point in card.points if point.kind == "phone")
    emails = tuple(point.value for point in card.points if point.kind == "email")
    return (
        Proof("postcode", ASKS["postcode"], tuple(place.postcode for place in card.places if place.postcode)),
        Proof("phone", ASKS["phone"], phones, "phone"),
        Proof("email", ASKS["email"], emails),
    )


def asked_now(call: CustomerCall) -> tuple[Proof, ...]:
    """What a caller is asked now: something else after a wrong answer, and on another day; nothing that who
    asks had to see before."""
    known = [proof for room in call.rooms if room.proofs is not None for proof in room.proofs(call)]
    seen = [value for room in call.rooms if room.on_screen is not None for value in room.on_screen(call)]
    known = [unseen(proof, seen) for proof in known]
    tries = tries_of(call.session, call.customer_id, call.now)
    return questions(known, f"{call.customer_id}:{call.today}:{tries.left}")


def verify_panel(call: CustomerCall) -> Mapping[str, Any]:
    """The questions without their answers; or why data is shown already."""
    return {
        "asked": asked_now(call),
        "enough": ENOUGH,
        "tries": tries_of(call.session, call.customer_id, call.now),
        "longest_reason": LONGEST_REASON,
    }


def _only_with_a_reason(call: CustomerCall) -> bool:
    return call.viewer is not None and not call.viewer.may("callers.verify")


TEMPLATE = "customers/act_verify.html"
VERIFY = Act("v", mark("Verify caller"), "callers.verify", TEMPLATE, order=5, context=verify_panel)
SEE = Act(
    "v", mark("Masked data"), "personal.see", TEMPLATE, order=5, context=verify_panel,
    applies=_only_with_a_reason,
)  # fmt: skip
