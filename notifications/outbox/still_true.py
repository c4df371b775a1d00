"""What the installed packages know of notices that are about to leave: that they are no longer true, or that
something in them is another by now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.kit.ports import StillTrue, ToLeave

_CHANGE = text("""
    update outbox set context = outbox.context || changed.context
    from jsonb_to_recordset(cast(:rows as jsonb)) as changed (id bigint, context jsonb)
    where outbox.id = changed.id
""")


@cache
def _those_who_know() -> tuple[StillTrue, ...]:
    return tuple(resolve(module.still_true) for module in modules() if module.still_true)


def as_they_are_now(
    session: Session, notices: Sequence[ToLeave], now: datetime
) -> Mapping[int, Mapping[str, Any] | None]:
    """Of those that are not as they were queued: what is another in them, which is kept in them here, or None
    where nothing of it is true any more."""
    found: dict[int, Mapping[str, Any] | None] = {}
    for known in _those_who_know():
        found |= known(session, notices, now)
    rows = [{"id": one, "context": dict(changed)} for one, changed in found.items() if changed is not None]
    if rows:
        session.execute(_CHANGE, {"rows": json.dumps(rows)})
    return found
