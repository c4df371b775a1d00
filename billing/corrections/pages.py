"""Bills that would differ: shown before and after, put right or let stand, with a person's reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from billing.corrections.approving import approve_corrections, dismiss_corrections
from billing.corrections.finding import find_corrections
from billing.corrections.queries import (
    CorrectionRow,
    Effect,
    Step,
    decided_corrections,
    effect_of_open,
    open_corrections,
    steps_of_open,
)
from billing.runs import present_instant
from utility_crm.kit.errors import Invalid
from utility_crm.kit.settings import settings
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
ASKED = ("which", "effect", "held", "decided")
Text = Annotated[str, Form()]
Ids = Annotated[list[int] | None, Form(alias="id")]


@dataclass(frozen=True, slots=True)
class CorrectionsPage:
    """bills: how many would differ, of which the page lists the first."""

    proposed: tuple[CorrectionRow, ...]
    held: tuple[CorrectionRow, ...]
    decided: tuple[CorrectionRow, ...]
    effects: tuple[Effect, ...]
    steps: tuple[Step, ...]
    looked_until: datetime | None

    @property
    def bills(self) -> int:
        return sum(one.bills for one in self.effects)


def corrections_page(session: Session) -> CorrectionsPage:
    """Five statements."""
    waiting = open_corrections(session)
    looked = session.scalar(text("select looked_until from correction_looks"))
    assert looked is None or isinstance(looked, datetime)
    return CorrectionsPage(
        tuple(one for one in waiting if one.state == "proposed"),
        tuple(one for one in waiting if one.state == "held"),
        decided_corrections(session),
        effect_of_open(session),
        steps_of_open(session),
        looked,
    )


@router.get("/billing/corrections")
def corrections(request: Request, ask: str = "", done: str = "") -> Response:
    """What would differ, its effect, what cannot be made again, what was decided."""
    with visit(request, "ops", "marketer", "agent") as v:
        return _page(v, ask, done=done)


@router.post("/billing/corrections/look")
def look(request: Request) -> Response:
    """Make those bills again that may have changed since the last look."""
    with visit(request, "ops") as v:
        known_at = present_instant(v.session, v.today)
        found = find_corrections(
            v.session, known_at=known_at, today=v.today, now=v.now, country=settings().country
        )
        return v.redirect("/billing/corrections", ask="which", done=f"looked-{found.bills}")


@router.post("/billing/corrections/approve")
def approve(request: Request, ticked: Ids = None, decision: Text = "") -> Response:
    """Credit notes and new bills for those ticked, all or nothing."""
    with visit(request, "ops") as v:
        if not decision.strip() or not ticked:
            return _page(v, "which", given=decision, refused=_missing(v, decision), status=422)
        done = approve_corrections(
            v.session, ticked, user_id=v.user.id, decision=decision, today=v.today, now=v.now,
            country=settings().country,
        )  # fmt: skip
        count = len(done.credit_notes)
        return v.redirect("/billing/corrections", ask="decided", done=f"approved-{count}")


@router.post("/billing/corrections/dismiss")
def dismiss(request: Request, ticked: Ids = None, decision: Text = "") -> Response:
    """Those ticked stand as they were issued."""
    with visit(request, "ops") as v:
        if not decision.strip() or not ticked:
            return _page(v, "which", given=decision, refused=_missing(v, decision), status=422)
        count = dismiss_corrections(v.session, ticked, user_id=v.user.id, decision=decision, now=v.now)
        return v.redirect("/billing/corrections", ask="decided", done=f"dismissed-{count}")


def _missing(v: Visit, decision: str) -> str:
    return v.text(mark("Say why.") if not decision.strip() else mark("Tick a bill."))


def _page(
    v: Visit, ask: str, *, done: str = "", given: str = "", refused: str = "", status: int = 200
) -> Response:
    if len(given) > 1000:
        raise Invalid("decision", "A reason has at most 1,000 letters.", "decision")
    return v.render(
        "billing/corrections.html",
        status=status,
        page=corrections_page(v.session),
        ask=ask if ask in ASKED else "which",
        done=done,
        given=given,
        refused=refused,
        can=v.user.role in ("ops", "admin"),
    )
