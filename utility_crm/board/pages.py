"""The supervisor's board: four questions about now. A constant number of statements, whichever is asked."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.board.domain.days import same_weekdays
from utility_crm.board.queries import colleagues, promises, queues
from utility_crm.board.today import today_figures
from utility_crm.kit.settings import settings
from utility_crm.tickets.words import KIND_WORDS
from utility_crm.web.visit import visit

router = APIRouter()
QUESTIONS = ("waits", "breaks", "people", "today")


@router.get("/board")
def board(request: Request, ask: str = "waits") -> Response:
    """What waits, which promises break, who is on what, how today is going; for htmx the sheet alone."""
    with visit(request, "board.read") as v:
        zone = settings().timezone
        midnight = datetime.combine(v.today, time(), ZoneInfo(zone)).astimezone(UTC)
        return v.render(
            "board/board.html",
            ask=ask if ask in QUESTIONS else QUESTIONS[0],
            queues=queues(v.session, v.user, v.now),
            promises=promises(v.session, v.user, v.now),
            people=colleagues(v.session, v.user, v.now, midnight),
            day=today_figures(v.session, v.user, v.now, same_weekdays(v.now, v.today, zone)),
            kinds=KIND_WORDS,
        )
