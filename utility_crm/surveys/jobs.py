"""What the clock does for surveys: asks those whose turn it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.surveys.asking import ask_due
from utility_crm.web.words import mark


def ask(session: Session, now: datetime) -> str:
    """Decides about tickets that were solved long enough ago; the same again asks nobody twice."""
    done = ask_due(session, now)
    words = mark("%(asked)s customers asked how it was, %(not_asked)s not asked")
    return said(words, asked=done.asked, not_asked=sum(done.why_not.values()))


JOBS = (Job("surveys.ask", 300, ask, mark("Ask customers how it was")),)
