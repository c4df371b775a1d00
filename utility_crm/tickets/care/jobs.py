"""What the clock calls."""

from __future__ import annotations

from utility_crm.kit.module import Job
from utility_crm.tickets.complaints.watching import watch_complaints
from utility_crm.tickets.routing.again import route_again
from utility_crm.tickets.rules.running import run_due
from utility_crm.tickets.sla.ticking import watch_promises
from utility_crm.web.words import mark

JOBS = (
    Job("ticket_promises", 60, watch_promises, mark("Warn before a promise to a customer breaks")),
    Job("ticket_rules", 60, run_due, mark("Run rules that wait for time to pass")),
    Job("ticket_routing", 60, route_again, mark("Hand out tickets that nobody could take before")),
    Job(
        "complaints",
        600,
        watch_complaints,
        mark("Warn before a complaint is late, and write the letters due"),
    ),
)
