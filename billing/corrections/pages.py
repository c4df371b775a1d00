"""Bills that would differ: shown before and after, put right or let stand, with a person's reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from billing.corrections.approving import approve_corrections, dismiss_corrections
from billing.corrections.finding import find_corrections
from billing.corrections.queries import (
    CorrectionRow,
    Effect,
    Step,
    corrections_named,
    decided_corrections,
    effect_of_open,
    open_corrections,
    steps_of_open,
)
from billing.corrections.words import (
    another_words,
    done_words,
    gone_words,
    let_stand_words,
    looked_words,
    put_right_words,
    putting_right_words,
    standing_words,
    stood_words,
)
from billing.runs import present_instant
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.kit.settings import settings
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/billing/corrections"
ASKED = ("which", "effect", "held", "decided")
LONGEST = 500
"""Characters of a reason."""


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
def corrections(request: Request, ask: str = "", tick: str = "") -> Response:
    """What would differ, its effect, what cannot be made again, what was decided."""
    with visit(request, "bills.read") as v:
        return _page(v, ask, every=tick == "all")


@router.post("/billing/corrections/look")
def look(request: Request) -> Response:
    """Make those bills again that may have changed since the last look."""
    with visit(request, "billing.run") as v:
        known_at = present_instant(v.session, v.today)
        found = find_corrections(
            v.session, known_at=known_at, today=v.today, now=v.now,
            country=settings().country, subdivision=settings().subdivision,
        )  # fmt: skip
        return v.done(looked_words(found, v.user.language), PATH, ask="which")


@router.post("/billing/corrections/decide")
def decide(request: Request, posted: Posting) -> Response:
    """Credit notes and new bills for those ticked, all or nothing; or they stand as they were issued. Both
    for a reason, and after one question that says the sums."""
    with visit(request, "billing.run") as v:
        language = v.user.language

        def act() -> Response:
            stands = posted.text("act") == "dismiss"
            chosen = posted.field("id", lambda _: _ticked(posted))
            decision = posted.field("decision", _decision)
            seen = chosen.value
            rows = corrections_named(v.session, list(seen))
            _as_seen(rows, seen, language)
            if stands:
                posted.sure(standing_words(rows, language), do=let_stand_words(len(rows), language))
                dismiss_corrections(
                    v.session, list(seen), user_id=v.user.id, decision=decision.value, now=v.now
                )
                return v.done(stood_words(rows, language), PATH, ask="decided")
            posted.sure(*putting_right_words(rows, language), do=put_right_words(len(rows), language))
            done = approve_corrections(
                v.session, list(seen), user_id=v.user.id, decision=decision.value, today=v.today, now=v.now,
                country=settings().country, subdivision=settings().subdivision,
            )  # fmt: skip
            return v.done(done_words(done, rows, language), PATH, ask="decided")

        return handled(v, posted, "decide", act, lambda: _page(v, "which"), back=f"{PATH}?ask=which")


def _ticked(posted: Posted) -> dict[int, str]:
    """What was seen of each that is ticked, by id. Raises Invalid."""
    found = {}
    for one in posted.every("id"):
        number, _, seen = one.partition("-")
        if not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise Invalid("tick", mark("Tick a bill."), "id")
        found[int(number)] = seen
    if not found:
        raise Invalid("tick", mark("Tick a bill."), "id")
    return found


def _decision(typed: str) -> str:
    if not typed:
        raise Invalid("decision", mark("Say why."), "decision")
    if len(typed) > LONGEST:
        raise Invalid("decision", mark("A reason has at most %(most)s characters."), "decision", most=LONGEST)
    return typed


def _as_seen(rows: Sequence[CorrectionRow], seen: Mapping[int, str], language: str) -> None:
    """Raises Conflict, in the person's words, where one is not what was shown, with what it is now."""
    changed = [row for row in rows if row.seen != seen[row.id]]
    if changed or len(rows) < len(seen):
        words = [another_words(row, language) for row in changed] or [gone_words(language)]
        raise Conflict("changed", " ".join(words[:3]))


def _page(v: Visit, ask: str, *, every: bool = False) -> Response:
    return v.render(
        "billing/corrections.html",
        page=corrections_page(v.session),
        ask=ask if ask in ASKED else "which",
        every=every,
        longest=LONGEST,
        can=v.user.may("billing.run"),
    )
