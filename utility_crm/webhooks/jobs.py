"""What was sent long ago is forgotten."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from utility_crm.kit.clock import utc_now
from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.web.words import mark
from utility_crm.webhooks.actions import forget_old, forget_old_secrets

KEPT: Final = timedelta(days=30)


def forget(session: Session, now: datetime) -> str:
    """Forgets; the same again has nothing to forget. Ages are real ones, `now` may be a demo's pretended."""
    del now
    forget_old_secrets(session, utc_now())
    gone = forget_old(session, utc_now() - KEPT)
    return said(mark("%(gone)s events of webhooks forgotten"), gone=gone)


JOBS = (Job("webhooks.forget", 86_400, forget, mark("Forget what webhooks sent long ago"), at=time(3, 40)),)
