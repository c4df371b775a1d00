"""What a customer answers: kept with its history, told to the ticket, and, where it is bad, seen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.surveys.domain.scores import SCORES, is_bad, is_score
from utility_crm.surveys.plan_store import kept_plan
from utility_crm.surveys.tokens import survey_in
from utility_crm.tasks.actions import add_task
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.events import record
from utility_crm.web.words import mark, translator

LONGEST_COMMENT: Final = 1000
MOST_CHANGES: Final = 6
"""Answers to one survey in a quarter of an hour: somebody, or something, plays with the button."""
QUARTER: Final = timedelta(minutes=15)
PACKAGE: Final = "utility_crm.surveys"

_OPENED = text("""
    select s.id, s.question, s.state, s.score, s.comment, s.answered_at, s.changed_at, s.expires_at,
           s.ticket_id, t.solved_at, c.language
    from surveys s join tickets t on t.id = s.ticket_id join customers c on c.id = s.customer_id
    where s.id = :id
""")
_HELD = text("""
    select s.*, t.version from surveys s join tickets t on t.id = s.ticket_id where s.id = :id
    for update of s
""")
_LATELY = text("select count(*) from survey_answers where survey_id = :id and at > :since")
_ANSWER = text("""
    with kept as (
        insert into survey_answers (survey_id, at, score, comment) values (:id, :now, :score, :comment)
    )
    update surveys set score = :score, comment = :comment, answered_at = coalesce(answered_at, :now),
        changed_at = :now, state = 'sent', sent_at = coalesce(sent_at, :now)
    where id = :id
""")
_SEES_TO_IT = text("""
    select teams.id from teams
    left join team_members lead on lead.team_id = teams.id and lead.leads
    group by teams.id
    order by teams.id = cast(:wanted as bigint) desc nulls last, count(lead.user_id) = 0,
             teams.id = cast(:theirs as bigint) desc nulls last, teams.id
    limit 1
""")


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens: the survey as it stands. chosen: the score of the link."""

    id: int
    question: str
    chosen: int | None
    number: str
    solved_on: date | None
    language: str
    score: int | None
    comment: str
    changed_at: datetime | None
    answer_before: datetime
    open: bool

    @property
    def scores(self) -> range:
        """What may be answered."""
        return SCORES[self.question]


def opened(session: Session, secret: str | list[str], token: str, now: datetime) -> Opened:
    """What a link opens. Raises NotFound for one that is not ours. One statement; writes nothing."""
    found = survey_in(secret, token)
    row = session.execute(_OPENED, {"id": found[0]}).one_or_none() if found is not None else None
    if found is None or row is None or row.expires_at is None:
        raise NotFound("no_such_link", mark("This link is not complete, or not ours."))
    chosen = found[1] if found[1] is not None and is_score(row.question, found[1]) else None
    zone = ZoneInfo(settings().timezone)
    return Opened(
        row.id, row.question, chosen, number_of(row.ticket_id),
        row.solved_at.astimezone(zone).date() if row.solved_at else None, row.language, row.score,
        row.comment, row.changed_at, row.expires_at, _takes_answers(row, now),
    )  # fmt: skip


def answer(session: Session, survey_id: int, score: int, comment: str, now: datetime) -> bool:
    """Keep an answer; False where it stands so already. The ticket is told, and a bad answer becomes a task,
    once a survey.

    Raises Invalid (no such score, too long a comment), Refused (too late, or too often in a short time).
    """
    held = session.execute(_HELD, {"id": survey_id}).one_or_none()
    if held is None or not _takes_answers(held, now):
        raise Refused("survey_over", mark("This survey is over: no answer is taken any more."))
    if not is_score(held.question, score):
        raise Invalid("score", mark("Choose one of what is offered."), "score")
    said = tidy_comment(comment)
    if (held.score, held.comment) == (score, said):
        return False
    if session.execute(_LATELY, {"id": survey_id, "since": now - QUARTER}).scalar_one() >= MOST_CHANGES:
        raise Refused("too_often", mark("It was changed many times just now. Wait a quarter of an hour."))
    session.execute(_ANSWER, {"id": survey_id, "now": now, "score": score, "comment": said})
    if held.score != score:
        before = {} if held.score is None else {"score": held.score}
        record(
            session, held.ticket_id, held.version, "rated", now=now, by=None, before=before,
            after={"question": held.question, "score": score},
        )  # fmt: skip
    if is_bad(held.question, score):
        bad_answer_task(
            session, held.id, held.ticket_id, held.customer_id, held.team_id,
            question=held.question, score=score, said=said, now=now,
        )  # fmt: skip
    return True


def tidy_comment(typed: str) -> str:
    """A comment without blanks around it. Raises Invalid where it is too long."""
    said = typed.replace("\0", "").replace("\r\n", "\n").strip()
    if len(said) > LONGEST_COMMENT:
        words = mark("At most %(most)s characters; these are %(given)s.")
        raise Invalid("long", words, "comment", most=LONGEST_COMMENT, given=len(said))
    return said


def _takes_answers(row: Row[Any], now: datetime) -> bool:
    return row.state in ("queued", "sent") and row.expires_at is not None and now < row.expires_at


def bad_answer_task(
    session: Session,
    survey_id: int,
    ticket_id: int,
    customer_id: int,
    team_id: int | None,
    *,
    question: str,
    score: int,
    said: str,
    now: datetime,
) -> None:
    """A task of the team that the plan names; else of the ticket's (`team_id`), if it has a lead, or of one
    that has. Once a survey."""
    wanted = kept_plan(session).plan.team_id
    team = session.scalar(_SEES_TO_IT, {"wanted": wanted, "theirs": team_id})
    _ = translator(settings().language, PACKAGE)
    number, most = number_of(ticket_id), SCORES[question][-1]
    title = _(
        "Bad answer to our survey: %(score)s of %(most)s, %(number)s", score=score, most=most, number=number
    )
    today = now.astimezone(ZoneInfo(settings().timezone)).date()
    add_task(
        session, title=title, due_at=today + timedelta(days=1), now=now, by=None, team_id=team,
        customer_id=customer_id, ticket_id=ticket_id, note=said, priority="high", key=f"survey:{survey_id}",
    )  # fmt: skip
