"""Surveys on their way through the outbox, and what became of their letters.

The ground asks by its port (`Module.asks`): consent, quiet hours and caps are those of every notice. What
becomes of a letter is told back to its survey by a job, from the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.links import public_address
from notifications.domain.permission import Withhold
from notifications.outbox.queueing import foresee, queue_all
from notifications.types.survey import survey
from utility_crm.kit.ports import ToAsk
from utility_crm.kit.settings import settings
from utility_crm.surveys.following import note_failed, note_left

NO_PUBLIC_URL: Final = "no_public_url"
MOST_FOLLOWED: Final = 500
BOUNCES_WITHIN: Final = timedelta(days=7)

# A letter that left, cannot leave, or came back. One in doubt counts as sent: the customer may have it.
_FOLLOW = text("""
    select s.id, outbox.state, outbox.reason, outbox.receipt, coalesce(outbox.sent_at, :now) as sent_at
    from surveys s join outbox on outbox.key = 'survey:' || s.id || ':' || s.round
    where s.state = 'queued' and outbox.state in ('sent', 'parked', 'dead', 'withheld')
       or s.state = 'sent' and s.score is null and s.sent_at > :since
          and outbox.receipt in ('bounced', 'complained')
    order by s.id limit :most
    for update of s skip locked
""")


def ask_customers(session: Session, wanted: Sequence[ToAsk], now: datetime, keep: bool) -> list[str]:
    """Queue surveys, or only foresee what would become of them; for each, the word why it is not sent."""
    base = public_address(settings())
    if base is None:
        return [NO_PUBLIC_URL] * len(wanted)
    notices = [survey(one, base=base) for one in wanted]
    if not keep:
        verdicts = foresee(session, notices, now)
        return [str(one.reason) if isinstance(one, Withhold) else "" for one in verdicts]
    done = queue_all(session, notices, now)
    return [str(one.reason or "withheld") if one.outcome == "withheld" else "" for one in done]


def follow_surveys(session: Session, now: datetime) -> int:
    """Tell surveys what became of their letters; how many stand otherwise than before."""
    given = {"now": now, "since": now - BOUNCES_WITHIN, "most": MOST_FOLLOWED}
    rows = session.execute(_FOLLOW, given).all()
    for row in rows:
        if row.receipt in ("bounced", "complained"):
            note_failed(session, row.id, "bounced")
        elif row.state in ("sent", "parked"):
            note_left(session, row.id, row.sent_at)
        else:
            note_failed(session, row.id, row.reason or "not_taken")
    return len(rows)
