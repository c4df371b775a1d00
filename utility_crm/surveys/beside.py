"""What stands beside a ticket: whether its customer was asked how it was, and what they said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.parts import SideSection, Todo, Tone
from utility_crm.surveys.domain.scores import SCORES, is_bad, is_good
from utility_crm.surveys.words import CSAT_WORDS, REASON_WORDS, STATE_WORDS
from utility_crm.web.formats import day_near
from utility_crm.web.words import translator

PACKAGE = "utility_crm.surveys"
_OF = text("""
    select s.question, s.state, s.reason, s.score, s.comment, s.changed_at,
           coalesce(s.sent_at, s.asked_at, s.decided_at) as at, first.score as first_score,
           task.id as task_id
    from surveys s
    left join lateral (
        select score from survey_answers a where a.survey_id = s.id order by a.id limit 1
    ) as first on true
    left join tasks task on task.key = 'survey:' || s.id
    where s.ticket_id = :ticket
""")


def beside_ticket(session: Session, ticket_id: int, language: str, today: date) -> Sequence[SideSection]:
    """The survey of a ticket; nothing before its turn has come."""
    row = session.execute(_OF, {"ticket": ticket_id}).one_or_none()
    if row is None:
        return ()
    _ = translator(language, PACKAGE)
    title = _("What the customer said of it")
    if row.score is None:
        why = _(REASON_WORDS[row.reason]) if row.reason in REASON_WORDS else row.reason
        day = day_near(row.at, today, language)
        return (SideSection(title, (Todo(_(STATE_WORDS[row.state]), " · ".join(filter(None, (day, why)))),)),)
    most = SCORES[row.question][-1]
    words = _("%(score)s of %(most)s", score=row.score, most=most)
    if row.question == "csat":
        words = f"{words}, {_(CSAT_WORDS[row.score])}"
    said = [day_near(row.changed_at, today, language)]
    if row.first_score != row.score:
        said.append(_("first %(score)s", score=row.first_score))
    good, bad = is_good(row.question, row.score), is_bad(row.question, row.score)
    tone: Tone = "ok" if good else "bad" if bad else "wait"
    items = [Todo(words, " · ".join(said), tone=tone)]
    if row.comment:
        items.append(Todo(f"“{row.comment}”"))
    if row.task_id is not None:
        items.append(Todo(_("A task was made of it"), href=f"/tasks/{row.task_id}"))
    return (SideSection(title, tuple(items)),)
