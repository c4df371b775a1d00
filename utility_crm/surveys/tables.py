"""Surveys that were sent or not, what was answered, and the plan of who is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class SurveyPlan(Base):
    """A plan as it was kept (`domain.plans.document_of`), by whom; the newest holds. Rows are added alone."""

    __tablename__ = "survey_plans"

    id: Mapped[int] = identity()
    at: Mapped[datetime]
    by_user: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Survey(Base):
    """What was decided about a ticket that was solved: its customer is asked, or is not and why (`reason`).

    `queued`: the letter is on its way; `sent`: it left; `not_asked`: nobody was; `withdrawn`: the ticket
    was opened again before the letter left, and is decided about anew (`round`) when it is solved. `user_id`
    and `team_id`: who had the ticket when it was decided. `score` and `comment`: the newest answer, which is
    taken and may be changed before `expires_at`.
    """

    __tablename__ = "surveys"
    __table_args__ = (
        CheckConstraint("question in ('', 'csat', 'nps')", name="question"),
        CheckConstraint("state in ('queued', 'sent', 'not_asked', 'withdrawn')", name="state"),
        CheckConstraint(
            "state not in ('queued', 'sent') "
            "or question <> '' and asked_at is not null and expires_at is not null",
            name="on_its_way",
        ),
        CheckConstraint("state in ('queued', 'sent') or reason <> ''", name="why_not"),
        CheckConstraint("state <> 'sent' or sent_at is not null", name="sent_has_a_time"),
        CheckConstraint(
            "(score is null) = (answered_at is null) and (score is null) = (changed_at is null) "
            "and (score is not null or comment = '')",
            name="answer",
        ),
        CheckConstraint(
            "case question when 'csat' then score between 1 and 5 when 'nps' then score between 0 and 10 "
            "else score is null end",
            name="score",
        ),
        Index(None, "customer_id"),
        Index("ix_surveys_queued", "id", postgresql_where=text("state = 'queued'")),
        Index("ix_surveys_sent_at", "sent_at", postgresql_where=text("state = 'sent'")),
        Index("ix_surveys_answered_at", "answered_at", postgresql_where=text("answered_at is not null")),
    )

    id: Mapped[int] = identity()
    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), unique=True
    )
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    question: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    round: Mapped[int] = mapped_column(BigInteger, server_default="1")
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    team_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("teams.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    score: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(server_default="")
    answered_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]


class SurveyAnswer(Base):
    """Everything that was answered to a survey; the newest counts and stands with the survey."""

    __tablename__ = "survey_answers"
    __table_args__ = (Index(None, "survey_id"),)

    id: Mapped[int] = identity()
    survey_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("surveys.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(server_default="")
