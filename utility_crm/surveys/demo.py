"""The surveys' part of the demo utility: what simulated customers said of tickets that were solved, in bulk,
the same for the same seed. Asked were those who had agreed to it, by the usual plan; most did not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from psycopg.types.json import Jsonb
from sqlalchemy import text

from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan as DemoPlan
from utility_crm.demo.random_streams import stream
from utility_crm.surveys.answering import bad_answer_task
from utility_crm.surveys.demo_words import BAD, GOOD
from utility_crm.surveys.domain.deciding import Candidate, Decision, decided
from utility_crm.surveys.domain.plans import USUAL
from utility_crm.surveys.domain.scores import is_bad, is_good

ANSWER = 0.46
"""Who was asked and answers."""
NEW_TASKS = timedelta(days=3)
"""Bad answers so young are still open tasks."""
_SOLVED = text("""
    select t.id, t.kind, t.channel, t.customer_id, t.solved_at, t.first_answered_at, t.assignee_id, t.team_id,
           t.version, t.reopened, t.language, c.segment, c.died_on is not null as died,
           extract(epoch from t.first_answered_at - t.opened_at) / 3600 as hours,
           exists (select from customer_flags f where f.customer_id = c.id) as vulnerable
    from tickets t join customers c on c.id = t.customer_id
    where t.solved_at is not null and t.merged_into_id is null and t.solved_at < :until
    order by t.solved_at, t.id
""")
_COLUMNS = (
    "id", "ticket_id", "customer_id", "question", "state", "reason", "user_id", "team_id", "decided_at",
    "asked_at", "sent_at", "expires_at", "score", "comment", "answered_at", "changed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Story:
    """A survey as it went: the row of its ticket, what was decided and when, and the answer."""

    ticket: Any
    decision: Decision
    reason: str
    at: datetime
    score: int | None = None
    comment: str = ""
    answered_at: datetime | None = None


def build(context: DemoBuild) -> None:
    """All of it."""
    with context.steps.step("Surveys", 1) as advance:
        ends = datetime.combine(context.plan.as_of, time(), ZoneInfo(ZONE)).astimezone(UTC)
        until = ends - timedelta(minutes=USUAL.wait_minutes)
        rows = context.connection.execute(_SOLVED, {"until": until}).all()
        stories = list(stories_of(context.plan, rows, ends))
        _write(context, stories)
        _see_to(context, stories, ends)
        context.analyse("surveys", "survey_answers")
        advance(1)


def stories_of(plan: DemoPlan, rows: Sequence[Any], ends: datetime) -> Iterator[Story]:
    """What became of each solved ticket, oldest first. rows: of _SOLVED."""
    draw = stream(plan.seed, "surveys")
    last: dict[int, datetime] = {}
    for row in rows:
        at = _decent(row.solved_at + timedelta(minutes=USUAL.wait_minutes))
        one = Candidate(
            row.id, row.customer_id, row.kind, row.channel,
            (row.segment, "vulnerable") if row.vulnerable else (row.segment,), row.died, False,
            row.first_answered_at is not None, last.get(row.customer_id),
        )  # fmt: skip
        (decision,) = decided(USUAL, [one], at)
        lots = draw.random(4)
        if decision.reason is not None:
            yield Story(row, decision, decision.reason, at)
        elif not _agreed(plan, row.customer_id):
            yield Story(row, decision, "no_consent", at)
        else:
            last[row.customer_id] = at
            answered_at = at + timedelta(hours=0.2 + 30 * float(lots[1]) ** 3)
            if lots[0] >= ANSWER or answered_at >= ends:
                yield Story(row, decision, "", at)
                continue
            score = _score(draw, decision.question, row)
            comment = _comment(decision.question, score, row.language, lots)
            yield Story(row, decision, "", at, score, comment, answered_at)


def _decent(at: datetime) -> datetime:
    """Not at night on the wall clock of the demo's zone."""
    wall = at.astimezone(ZoneInfo(ZONE))
    if 8 <= wall.hour < 21:
        return at
    day = wall.date() + timedelta(days=wall.hour >= 21)
    return datetime.combine(day, time(8, 5), ZoneInfo(ZONE)).astimezone(UTC)


def _agreed(plan: DemoPlan, customer_id: int) -> bool:
    said = plan.customers[customer_id - 1].consents
    return any(one.purpose == "marketing" and one.granted for one in said)


def _score(draw: np.random.Generator, question: str, row: Any) -> int:
    """Who waited long, complained or had to come back is less satisfied."""
    burden = (
        min(1.0, float(row.hours or 0) / 40) + (0.5 if row.kind == "complaint" else 0) + 0.6 * row.reopened
    )
    if question == "csat":
        return int(np.clip(round(float(draw.normal(4.75 - 1.5 * burden, 0.85))), 1, 5))
    return int(np.clip(round(float(draw.normal(9.1 - 3.2 * burden, 1.7))), 0, 10))


def _comment(question: str, score: int, language: str, lots: Any) -> str:
    known = BAD if is_bad(question, score) else GOOD if is_good(question, score) else {}
    words = known.get(language, known.get("en", ()))
    if not words or lots[2] > (0.75 if known is BAD else 0.3):
        return ""
    return words[int(lots[3] * len(words))]


def _write(context: DemoBuild, stories: list[Story]) -> None:
    surveys, answers, events = [], [], []
    for number, one in enumerate(stories, 1):
        row, asked = one.ticket, not one.reason
        surveys.append((
            number, row.id, row.customer_id, one.decision.question, "sent" if asked else "not_asked",
            one.reason, row.assignee_id, row.team_id, one.at, one.at if asked else None,
            one.at if asked else None,
            one.at + timedelta(days=USUAL.answer_days) if asked else None, one.score, one.comment,
            one.answered_at, one.answered_at,
        ))  # fmt: skip
        if one.score is not None:
            answers.append((number, one.answered_at, one.score, one.comment))
            after = Jsonb({"question": one.decision.question, "score": one.score})
            events.append((row.id, row.version, one.answered_at, "rated", Jsonb({}), after))
    context.copy_rows("surveys", _COLUMNS, surveys)
    context.copy_rows("survey_answers", ("survey_id", "at", "score", "comment"), answers)
    context.copy_rows("ticket_events", ("ticket_id", "version", "at", "kind", "before", "after"), events)


def _see_to(context: DemoBuild, stories: list[Story], ends: datetime) -> None:
    """The young bad answers are open tasks; the older ones were seen to."""
    with context.session() as session:
        for number, one in enumerate(stories, 1):
            at = one.answered_at
            if one.score is None or at is None or not is_bad(one.decision.question, one.score):
                continue
            if ends - at < NEW_TASKS:
                bad_answer_task(
                    session, number, one.ticket.id, one.ticket.customer_id, one.ticket.team_id,
                    question=one.decision.question, score=one.score, said=one.comment, now=at,
                )  # fmt: skip
