"""What the clock calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.live.actions import forget_pushes
from utility_crm.live.done_forms import forget_done_forms
from utility_crm.live.drafts import forget_drafts
from utility_crm.web.words import mark


def forget_typed(session: Session, now: datetime) -> str:
    """Drafts nobody came back to, and which forms were done."""
    forget_done_forms(session)
    return forget_drafts(session, now)


JOBS = (
    Job("live.forget", 300, forget_pushes, mark("Forget what open pages were told")),
    Job("live.drafts", 6 * 3600, forget_typed, mark("Forget drafts nobody came back to")),
)
