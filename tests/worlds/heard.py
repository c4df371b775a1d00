"""A listener to every kind, and what was announced to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.sealing import Sealer
from utility_crm.kit.clock import utc_now
from utility_crm.webhooks.actions import Wanted, add_listener
from utility_crm.webhooks.kinds import kinds


def listen_to_all(session: Session) -> None:
    """From now on."""
    wanted = Wanted("everything", "https://listener.example/", tuple(kinds()), personal=True)
    add_listener(session, wanted, Sealer("tests"), utc_now(), by=None)


def heard(session: Session) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """Kind, data and what is personal, in their order; each is on its way once. Heard once."""
    rows = session.execute(text("select kind, data, personal from webhook_events order by id")).all()
    assert session.scalar(text("select count(*) from webhook_deliveries")) == len(rows)
    session.execute(text("delete from webhook_events"))
    examples = kinds()
    for kind, data, personal in rows:
        assert data.keys() <= examples[kind].data.keys(), (kind, data.keys() - examples[kind].data.keys())
        assert set(personal or {}) <= set(examples[kind].personal), (kind, personal)
    return [(row[0], row[1], row[2]) for row in rows]
