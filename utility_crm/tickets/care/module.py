"""What the care of tickets gives the host: promises, rules, macros, routing, complaints."""

from dataclasses import replace

from utility_crm.kit.module import Module, Room
from utility_crm.tickets.seen import TICKET

MODULE = Module(
    name="utility_crm.tickets.care",
    personal="utility_crm.tickets.care.personal:PERSONAL",
    tables="utility_crm.tickets.care.tables",
    pages="utility_crm.tickets.care.pages:router",
    customer="utility_crm.tickets.macros.customer:ROOM",
    owners=(replace(TICKET, path="/complaints/{number}"),),
    filtered=("/complaints",),
    jobs="utility_crm.tickets.care.jobs:JOBS",
    ticket_events="utility_crm.tickets.care.listening:listen",
    complained="utility_crm.tickets.complaints.following:follow_contact",
    figures="utility_crm.tickets.macros.ground_figures:FIGURES",
    demo="utility_crm.tickets.care.demo:build",
    navigation=(Room("Complaints", "/complaints", "w", "complaints.read", 17),),
)
