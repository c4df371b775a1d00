"""Findings decided by ops: kept as read, estimated, or edited by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from meters.domain.decimals import MISSING, micro_of
from meters.findings.deciding import Decided, accept_findings, estimate_findings
from meters.findings.editing import edit_day
from meters.findings.queries import days_shown, finding
from meters.pages.feeds import feeds_response
from utility_crm.kit.errors import CareError, Invalid, NotFound
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
Text = Annotated[str, Form()]
Numbers = Annotated[list[int], Form(default_factory=list)]

_STATES = {"accept": "accepted", "estimate": "estimated"}


@router.post("/feeds/findings")
def decide(request: Request, finding: Numbers, act: Text = "", reason: Text = "") -> Response:
    """Keep as read, or estimate, one finding or several; those that cannot be are named, the others done."""
    with visit(request, "feeds.run") as v:
        given = {"reason": reason, "findings": finding}
        if not finding or act not in _STATES:
            nothing = Invalid("nothing_chosen", mark("Choose at least one finding."), "finding")
            return _again(v, nothing, given)
        try:
            decided = _decided(v, act, finding, reason)
        except Invalid as refused:
            return _again(v, refused, given)
        if decided.refused:
            refusals = [(finding_id, error) for finding_id, error in decided.refused]
            return _again(v, decided.refused[0][1], given | {"refusals": refusals, "done": decided.done})
        return _to_the_list(v, _STATES[act], len(decided.done))


def _decided(v: Visit, act: str, ids: list[int], reason: str) -> Decided:
    action = accept_findings if act == "accept" else estimate_findings
    return action(v.session, ids, user_id=v.user.id, reason=reason, now=v.now)


@dataclass(frozen=True, slots=True)
class SentValues:
    """The form of one day's values: `values` by interval as they were typed."""

    day: str
    reason: str
    values: Mapping[int, str]


async def sent_values(request: Request) -> SentValues:
    """Fields v0, v1, ... are intervals."""
    form = await request.form()
    values = {
        int(name[1:]): str(value)
        for name, value in form.items()
        if name[:1] == "v" and name[1:].isascii() and name[1:].isdigit() and len(name) < 6
    }
    return SentValues(str(form.get("day", "")), str(form.get("reason", "")), values)


Sent = Annotated[SentValues, Depends(sent_values)]


@router.post("/feeds/findings/{finding_id}/edit")
def edit(request: Request, finding_id: int, sent: Sent) -> Response:
    """Write one day's values by hand; what cannot be is shown again with its reason."""
    with visit(request, "feeds.run") as v:
        try:
            day = date.fromisoformat(sent.day)
            values = _changed(v, finding_id, day, sent.values)
            edit_day(v.session, finding_id, day, values, user_id=v.user.id, reason=sent.reason, now=v.now)
        except (CareError, ValueError) as error:
            refused = error if isinstance(error, CareError) else Invalid("no_date", str(error), "day")
            if isinstance(refused, NotFound):
                raise refused from error
            v.session.rollback()
            return _again(v, refused, {"reason": sent.reason, "values": sent.values, "editing": True})
        return _to_the_list(v, "edited", 1)


def _changed(v: Visit, finding_id: int, day: date, typed: Mapping[int, str]) -> dict[int, int | None]:
    """Typed values that differ from what stands; an empty one takes a reading away. Raises Invalid, whose
    `where` is the field."""
    row = finding(v.session, finding_id)
    if day.toordinal() not in row.days:
        raise NotFound("no_such_day", "The finding has no such day.", str(day))
    stands = days_shown(v.session, [(row, day)])[row.id].micro
    changed: dict[int, int | None] = {}
    for interval, text in sorted(typed.items()):
        micro = micro_of(text.replace(",", "."))
        if isinstance(micro, str):
            raise Invalid(micro, mark("This is no reading: a number of zero or more."), f"v{interval}")
        value = None if micro == MISSING else micro
        if interval >= len(stands) or value != stands[interval]:
            changed[interval] = value
    if not changed:
        raise Invalid("nothing_changed", mark("Nothing was changed."), "values")
    return changed


def _again(v: Visit, refused: CareError, given: dict[str, Any]) -> Response:
    return feeds_response(v, "waits", status=422, refused=refused, given=given)


def _to_the_list(v: Visit, state: str, count: int) -> Response:
    kept = {
        name: value
        for name, value in v.request.query_params.items()
        if name in ("rule", "segment", "area", "skip") and value
    }
    return v.redirect("/feeds", ask="waits", **kept, done=f"{state}-{count}")
