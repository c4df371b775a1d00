"""The plan of who is asked: the newest that was kept, else the usual one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from utility_crm.auth.audit import note_change
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.surveys.domain.plans import ASKED, MOST_RULES, USUAL, Plan, document_of, plan_of
from utility_crm.surveys.tables import SurveyPlan
from utility_crm.tickets.domain.life import CHANNELS, KINDS
from utility_crm.tickets.sla.policies import SEGMENTS
from utility_crm.web.words import mark

PLAN_WORDS = mark("who is asked in surveys")
_NEWEST = (
    select(SurveyPlan.id, SurveyPlan.document, SurveyPlan.at, User.name)
    .outerjoin(User, User.id == SurveyPlan.by_user)
    .order_by(SurveyPlan.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The plan that holds; version 0 is the usual one, which nobody changed yet."""

    plan: Plan
    version: int = 0
    at: datetime | None = None
    by: str = ""


def kept_plan(session: Session) -> Kept:
    """The plan that holds now. One statement."""
    row = session.execute(_NEWEST).one_or_none()
    if row is None:
        return Kept(USUAL)
    return Kept(plan_of(row.document), row.id, row.at, row.name or "")


def keep_plan(session: Session, plan: Plan, *, seen: int, now: datetime, by: int | None) -> bool:
    """The plan from now on; whether it is another. seen: the version that was shown.

    Raises Invalid, Conflict (somebody else changed it meanwhile).
    """
    session.execute(select(SurveyPlan.id).order_by(SurveyPlan.id.desc()).limit(1).with_for_update())
    before = kept_plan(session)
    if before.version != seen:
        raise Conflict(
            "plan_changed", mark("%(name)s changed this meanwhile. Look at it again."), name=before.by
        )
    if plan == before.plan:
        return False
    _check(plan)
    document = document_of(plan)
    session.execute(insert(SurveyPlan).values(at=now, by_user=by, document=document))
    note_change(session, None, PLAN_WORDS, document_of(before.plan), document)
    return True


def _check(plan: Plan) -> None:
    wrong = mark("Choose one of what is offered.")
    if len(plan.rules) > MOST_RULES:
        raise Invalid("rules", mark("There are at most %(most)s rules."), "question", most=MOST_RULES)
    for rule in plan.rules:
        if rule.question not in ASKED:
            raise Invalid("question", wrong, "question")
        for where, given, known in (
            ("kinds", rule.kinds, KINDS), ("channels", rule.channels, CHANNELS),
            ("segments", rule.segments, SEGMENTS),
        ):  # fmt: skip
            if not set(given) <= set(known):
                raise Invalid(where, wrong, where)
        if not 1 <= rule.share_percent <= 100:
            raise Invalid("share", mark("A share is of 1 to 100 in a hundred."), "share_percent")
