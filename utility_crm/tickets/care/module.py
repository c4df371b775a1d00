"""What the care of tickets gives the host: promises, rules, macros, routing, complaints."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.tickets.care",
    tables="utility_crm.tickets.care.tables",
    jobs="utility_crm.tickets.care.jobs:JOBS",
    ticket_events="utility_crm.tickets.care.listening:listen",
    complained="utility_crm.tickets.complaints.following:follow_contact",
    figures="utility_crm.tickets.macros.ground_figures:FIGURES",
)
