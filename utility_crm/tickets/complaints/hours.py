"""Working days of complaints: those of the house's hours, else Monday to Friday of the country."""

from __future__ import annotations

from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings
from utility_crm.tickets.domain.working_time import Hours
from utility_crm.tickets.sla.policies import house_hours


def complaint_hours(session: Session) -> Hours:
    """When we work, for counting working days."""
    known = settings()
    week = (*(((540, 1020),),) * 5, (), ())
    return house_hours(session) or Hours(known.timezone, week, known.country, known.subdivision)
