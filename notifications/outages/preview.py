"""The form that announces works: read, checked, and shown with whom it would tell, before anyone is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from notifications.domain.wall_time import instant
from notifications.outages.announcing import Audience, Interruption, audience
from notifications.outages.queries import zone_below
from notifications.sender import this_sender
from notifications.types.planned_outage import TYPE
from notifications.writing import Written, write
from utility_crm.kit.errors import CareError, Invalid


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as typed: a node's id, and two times on the wall clock of the place (as browsers send
    them)."""

    node: int = 0
    starts: str = ""
    ends: str = ""
    reason: str = ""

    @property
    def complete(self) -> bool:
        """Whether there is enough to look at."""
        return bool(self.node and self.starts and self.ends)


@dataclass(frozen=True, slots=True)
class Announced:
    """What would happen: the works, whom they reach and the letter; or why it cannot be."""

    works: Interruption | None = None
    zone: str = ""
    audience: Audience | None = None
    letter: Written | None = None
    refused: CareError | None = None


def read_draft(session: Session, draft: Draft) -> Interruption:
    """The works meant by the form. Raises `Invalid`, naming the field in `where`."""
    zone = zone_below(session, draft.node)
    return Interruption(
        draft.node,
        wall_instant(draft.starts, "starts", zone),
        wall_instant(draft.ends, "ends", zone),
        draft.reason,
    )


def preview(session: Session, draft: Draft, now: datetime) -> Announced:
    """Whom the announcement would tell, and the letter as it would be written to one of them."""
    try:
        works = read_draft(session, draft)
        reached = audience(session, works, now)
    except CareError as refused:
        return Announced(refused=refused)
    zone = zone_below(session, draft.node)
    context = {
        "places": ["…"],
        "starts_at": works.starts_at.isoformat(),
        "ends_at": works.ends_at.isoformat(),
        "reason": works.reason,
        "medical": False,
    }
    sender = this_sender(session)
    letter = write(TYPE.name, context, name="…", language="en", timezone=zone, sender=sender)
    return Announced(works, zone, reached, letter)


def wall_instant(typed: str, field: str, zone: str) -> datetime:
    """The instant meant by a time that was typed on the wall clock of a zone. Raises `Invalid`."""
    try:
        wall = datetime.fromisoformat(typed)
    except ValueError:
        raise Invalid("not_a_time", "a day and a time are needed here", field) from None
    if wall.tzinfo is not None:
        raise Invalid("not_a_wall_time", "a time on the wall clock is needed here", field)
    try:
        return instant(wall, zone)
    except ValueError as skipped:
        raise Invalid("skipped_time", str(skipped), field) from None
