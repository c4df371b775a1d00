"""Who writes the letters of this installation."""

from __future__ import annotations

from sqlalchemy.orm import Session

from notifications.writing import Sender
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.settings import settings


def this_sender(session: Session) -> Sender:
    """The utility of the settings; a simulated one says so below each letter and preview."""
    return Sender(settings().utility_name, is_simulated(session))
