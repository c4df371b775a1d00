"""Sessions whose changes never happened: a demo's past, a rehearsal. None is noted or announced."""

from __future__ import annotations

from sqlalchemy.orm import Session

_SIMULATES = "simulates"


def simulates(session: Session) -> None:
    """What this session changes never happened."""
    session.info[_SIMULATES] = True


def is_simulating(session: Session) -> bool:
    """Whether what this session changes never happened."""
    return _SIMULATES in session.info
