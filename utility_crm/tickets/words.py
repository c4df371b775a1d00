"""Words of tickets that several places say: names of states, and sentences about what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from utility_crm.web.words import mark

PACKAGE = "utility_crm.tickets"
"""Whose words these are."""
STATUS_WORDS = {
    "new": mark("new"),
    "open": mark("in progress"),
    "waiting": mark("waits for them"),
    "on_hold": mark("waits for others"),
    "solved": mark("solved"),
    "closed": mark("closed"),
}
STATUS_TONES = {
    "new": "warn",
    "open": "now",
    "waiting": "wait",
    "on_hold": "wait",
    "solved": "ok",
    "closed": "ok",
}
KIND_WORDS = {
    "billing": mark("Bill or payment"),
    "outage": mark("Outage"),
    "meter": mark("Meter"),
    "complaint": mark("Complaint"),
    "move": mark("Move"),
    "other": mark("Something else"),
}
PRIORITY_WORDS = {
    "low": mark("low priority"),
    "normal": mark("usual priority"),
    "high": mark("high priority"),
    "urgent": mark("urgent priority"),
}
CHANNEL_WORDS = {
    "email": mark("e-mail"),
    "call": mark("telephone"),
    "web": mark("web form"),
    "messenger": mark("messenger"),
    "sms": mark("text message"),
    "letter": mark("letter on paper"),
    "visit": mark("at the counter"),
    "fax": mark("fax"),
    "api": mark("another system"),
    "note": mark("note"),
}
SEGMENT_WORDS = {
    "household": mark("Households"),
    "small_business": mark("Small businesses"),
    "industry": mark("Industry"),
    "vulnerable": mark("Who needs care"),
}
LINK_WORDS = {
    "duplicate": mark("duplicate of"),
    "related": mark("related to"),
    "caused_by": mark("caused by"),
    "follows": mark("follows"),
}


SAID_BELOW = (
    mark("A ticket is new only until somebody takes it up."),
    mark("“%(name)s” is empty."),
    mark("“%(name)s” is larger than %(most)s MB."),
    mark("“%(name)s” is of a kind that is not taken: send papers, pictures, tables or text."),
)
"""Refusals of the domain, which knows no catalogue."""


def what_happened(kind: str, after: Mapping[str, Any], name: str) -> tuple[str, dict[str, object]]:
    """A sentence about what somebody did meanwhile, for whoever was changing the same ticket."""
    values: dict[str, object] = {"name": name}
    if kind == "heard":
        return mark("Nothing was sent yet: the customer wrote meanwhile. Read it, then send again."), {}
    if kind == "answered":
        return mark("Nothing was sent yet: %(name)s answered meanwhile. Read it, then send again."), values
    if kind == "noted":
        return mark("Nothing was kept yet: %(name)s left a note meanwhile. Read it, then send again."), values
    if kind in ("merged", "absorbed", "unmerged", "split"):
        return mark("Nothing was kept yet: %(name)s merged or split the ticket meanwhile."), values
    for field, words in _CHANGED.items():
        if field in after:
            return words, values
    return mark("Nothing was kept yet: %(name)s changed the ticket meanwhile."), values


_CHANGED = {
    "status": mark("Nothing was kept yet: %(name)s changed the status meanwhile. Look, then send again."),
    "assignee_id": mark("Nothing was kept yet: %(name)s assigned it meanwhile. Look, then send again."),
    "team_id": mark("Nothing was kept yet: %(name)s assigned it meanwhile. Look, then send again."),
    "customer_id": mark("Nothing was kept yet: %(name)s set the customer meanwhile. Look, then send again."),
    "priority": mark("Nothing was kept yet: %(name)s changed the priority meanwhile. Look, then send again."),
    "kind": mark("Nothing was kept yet: %(name)s changed the kind meanwhile. Look, then send again."),
    "subject": mark("Nothing was kept yet: %(name)s changed the subject meanwhile. Look, then send again."),
}
