"""Everything that happens to a ticket comes by here, in the transaction of the change.

First the promises follow, then the register of complaints, then the rules answer. What rules do comes by,
too: promises and register follow it, the rules do not.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from utility_crm.tickets.complaints.following import follow_ticket
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.acts import keep_waiting
from utility_crm.tickets.rules.running import events_in, run_rules
from utility_crm.tickets.sla.following import follow


def listen(session: Session, event: TicketEvent) -> None:
    """What is done upon an event of a ticket."""
    keep_waiting(session, event.ticket_id)
    follow(session, event)
    follow_ticket(session, event)
    run_rules(session, event.ticket_id, events_in(event), event.at)
