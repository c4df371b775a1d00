"""What the tickets give the host."""

from utility_crm.kit.module import Module, Room
from utility_crm.tickets.seen import CUSTOMER, TICKET

MODULE = Module(
    name="utility_crm.tickets",
    personal="utility_crm.tickets.personal:PERSONAL",
    facts="utility_crm.tickets.facts:FACTS",
    tables="utility_crm.tickets.tables",
    pages="utility_crm.tickets.pages:router",
    customer="utility_crm.tickets.customer:ROOM",
    search="utility_crm.tickets.search:find",
    desk_questions="utility_crm.tickets.desk:QUESTIONS",
    demo="utility_crm.tickets.demo:build",
    commands="utility_crm.tickets.commands:app",
    records="utility_crm.tickets.brought:KINDS",
    owners=(TICKET, CUSTOMER),
    filtered=(
        "/tickets",
        "/tickets/many",
        "/tickets/new",
        "/tickets/views",
        "/tickets/views/{view_id}/drop",
    ),
    jobs="utility_crm.tickets.jobs:JOBS",
    navigation=(Room("Tickets", "/tickets", "t", "tickets.read", 15),),
)
