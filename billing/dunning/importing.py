"""Strategies taken from files. Never commits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.domain.dunning.file import read_strategy
from billing.domain.errors import TariffRefused, as_sentence
from billing.tables import DunningStrategy
from utility_crm.kit.errors import Invalid


def import_strategy(session: Session, document: Any, now: datetime, file_name: str = "") -> tuple[str, str]:
    """Keep a strategy in place of the one of its code: (code, added, changed or unchanged). Raises Invalid
    with the place in the file."""
    try:
        code = read_strategy(document).code
    except TariffRefused as fault:
        raise refused_file(fault, file_name) from fault
    known = session.scalars(
        select(DunningStrategy).where(DunningStrategy.code == code).with_for_update()
    ).one_or_none()
    if known is None:
        session.add(DunningStrategy(code=code, document=document, imported_at=now))
        session.flush()
        return code, "added"
    if known.document == document:
        return code, "unchanged"
    known.document, known.imported_at = document, now
    session.flush()
    return code, "changed"


def refused_file(fault: TariffRefused, file_name: str = "") -> Invalid:
    """The refusal with the file's name and the place in it."""
    named = f"The dunning file {file_name}" if file_name else "The dunning file"
    words = f"{named} cannot be taken: {as_sentence(str(fault), False)}"
    return Invalid("dunning", words, fault.place or file_name or None)
