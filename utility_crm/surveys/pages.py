"""The room of surveys: what customers said, who is asked what, who is next, who was not asked and why.

For who sees the board; the plan is changed by who sets the care of tickets.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, cast

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, Response

from utility_crm.auth.tables import Team
from utility_crm.kit.errors import NotFound
from utility_crm.kit.settings import settings
from utility_crm.surveys.asking import would_ask
from utility_crm.surveys.domain.plans import ASKED, USUAL, Asked, Plan, Rule
from utility_crm.surveys.domain.spans import SPANS, last_days
from utility_crm.surveys.plan_store import Kept, keep_plan, kept_plan
from utility_crm.surveys.queries import Which, outcomes, said, waiting
from utility_crm.surveys.words import QUESTION_WORDS, REASON_WORDS
from utility_crm.tickets.domain.life import CHANNELS, KINDS
from utility_crm.tickets.sla.policies import SEGMENTS
from utility_crm.tickets.words import CHANNEL_WORDS, KIND_WORDS
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/surveys"
QUESTIONS = ("said", "plan", "next", "not")
WHICH: tuple[Which, ...] = ("all", "words", "bad")
SEGMENT_WORDS = {
    "household": mark("Households"),
    "small_business": mark("Small businesses"),
    "industry": mark("Industry"),
    "vulnerable": mark("Who needs care"),
}


@router.get("/surveys")
def surveys(
    request: Request, ask: str = "said", days: int = 30, which: str = "all", row: str = ""
) -> Response:
    """A question; of the plan also one of its rules (`row`: its key, or "new")."""
    with visit(request, "board.read") as v:
        return surveys_page(v, ask, days=days, which=which, row=row)


@router.post("/surveys/plan")
def plan(request: Request, posted: Posting) -> Response:
    """Whether, when, how often and how long; and who sees to bad answers."""
    with visit(request, "care.set") as v:
        teams = [str(team) for team in v.session.scalars(select(Team.id))]

        def act() -> Response:
            wait, rest = posted.whole("wait_hours", 0, 30 * 24), posted.whole("rest_days", 1, 730)
            answer, fewest = posted.whole("answer_days", 1, 90), posted.whole("fewest", 1, 1000)
            team = posted.one_of("team_id", ["", *teams])
            posted.check()
            kept = kept_plan(v.session).plan
            wanted = replace(
                kept,
                active=bool(posted.text("active")),
                wait_minutes=60 * wait.value,
                rest_days=rest.value,
                answer_days=answer.value,
                fewest=fewest.value,
                team_id=int(team.value) if team.value else None,
            )
            return _kept(v, wanted, posted.whole("seen", 0, 10**9).value)

        return handled(v, posted, "plan", act, partial(surveys_page, v, "plan"), back=f"{PATH}?ask=plan")


@router.post("/surveys/plan/usual")
def usual(request: Request) -> Response:
    """As it was before anybody changed it."""
    with visit(request, "care.set") as v:
        return _kept(v, USUAL, kept_plan(v.session).version)


@router.post("/surveys/rules/{key}")
def rule(request: Request, key: str, posted: Posting) -> Response:
    """A rule, new or changed."""
    with visit(request, "care.set") as v:
        before = _rule(kept_plan(v.session).plan, key)

        def act() -> Response:
            question = posted.one_of("question", ASKED)
            share = posted.whole("share_percent", 1, 100)
            posted.check()
            wanted = Rule(
                before.key if before else 0, cast("Asked", question.value), tuple(posted.every("kinds")),
                tuple(posted.every("channels")), tuple(posted.every("segments")), share.value,
            )  # fmt: skip
            held = kept_plan(v.session).plan
            return _kept(v, held.with_rule(wanted), posted.whole("seen", 0, 10**9).value)

        page = partial(surveys_page, v, "plan", row=key)
        return handled(v, posted, "rule", act, page, back=f"{PATH}?ask=plan")


@router.post("/surveys/rules/{key}/move")
def move(request: Request, key: str, posted: Posting) -> Response:
    """One place up or down."""
    with visit(request, "care.set") as v:
        held = kept_plan(v.session)
        known = _rule(held.plan, key)
        by = -1 if posted.text("way") == "up" else 1
        return _kept(v, held.plan.moved(known.key if known else 0, by), held.version)


@router.post("/surveys/rules/{key}/drop")
def drop(request: Request, key: str) -> Response:
    """It asks nobody any more."""
    with visit(request, "care.set") as v:
        held = kept_plan(v.session)
        known = _rule(held.plan, key)
        return _kept(v, held.plan.without_rule(known.key if known else 0), held.version)


def _kept(v: Visit, wanted: Plan, seen: int) -> Response:
    changed = keep_plan(v.session, wanted, seen=seen, now=v.now, by=v.user.id)
    words = mark("It holds for tickets whose turn comes from now on.")
    return v.done(v.text(words), PATH, ask="plan", nothing=not changed)


def _rule(plan: Plan, key: str) -> Rule | None:
    """The rule of a key in an address; None for "new". Raises NotFound."""
    if key == "new":
        return None
    found = next((one for one in plan.rules if str(one.key) == key), None)
    if found is None:
        raise NotFound("no_such_row", mark("It is not here any more."), key)
    return found


def surveys_page(v: Visit, ask: str, *, days: int = 30, which: str = "all", row: str = "") -> HTMLResponse:
    """The page over a question."""
    ask = ask if ask in QUESTIONS else QUESTIONS[0]
    days = days if days in SPANS else 30
    chosen_which: Which = next((one for one in WHICH if one == which), "all")
    begins, ends = last_days(days, v.today, settings().timezone)
    kept = kept_plan(v.session)
    became = outcomes(v.session, v.user, begins, ends)
    given: dict[str, Any] = {
        "ask": ask, "days": days, "spans": SPANS, "which": chosen_which, "row": row, "path": PATH,
        "kept": kept, "plan": kept.plan, "is_usual": kept.plan == USUAL, "became": became,
        "waits": waiting(v.session, v.user, kept.plan, v.now),
        "question_words": QUESTION_WORDS, "reason_words": REASON_WORDS, "kind_words": KIND_WORDS,
        "channel_words": CHANNEL_WORDS, "segment_words": SEGMENT_WORDS,
        "may_set": v.user.may("care.set"),
    }  # fmt: skip
    if ask == "said":
        given["said"] = said(v.session, v.user, begins, ends, which=chosen_which)
    if ask == "next":
        given["coming"] = would_ask(v.session, v.now, v.user)
    if ask == "plan":
        given |= _setting(v, kept, row)
    return v.render("surveys/surveys.html", **given)


def _setting(v: Visit, kept: Kept, row: str) -> dict[str, Any]:
    teams = v.session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
    return {
        "chosen": _rule(kept.plan, row) if row else None,
        "teams": [(str(team.id), v.text(team.name)) for team in teams],
        "kinds": KINDS, "channels": [one for one in CHANNELS if one != "note"], "segments": SEGMENTS,
        "askable": [(one, v.text(QUESTION_WORDS[one])) for one in ASKED],
    }  # fmt: skip
