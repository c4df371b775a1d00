"""Once a night, customers who may be kept twice are looked for."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.quality.finding import find_duplicates
from utility_crm.web.words import mark


def seek(session: Session, now: datetime) -> str:
    """Finds them; the same again finds the same."""
    sought = find_duplicates(session, now)
    words = mark("%(likely)s pairs of customers may be one, %(new)s of them new")
    return said(words, likely=sought.likely, new=sought.new)


JOBS = (Job("quality.duplicates", 86_400, seek, mark("Look for customers kept twice"), at=time(3, 10)),)
