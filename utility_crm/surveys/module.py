"""What the surveys give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.surveys",
    personal="utility_crm.surveys.personal:PERSONAL",
    tables="utility_crm.surveys.tables",
    pages="utility_crm.surveys.public_pages:router",
    demo="utility_crm.surveys.demo:build",
    jobs="utility_crm.surveys.jobs:JOBS",
    ticket_events="utility_crm.surveys.following:on_ticket_event",
    ticket_sections="utility_crm.surveys.beside:beside_ticket",
    still_true="utility_crm.surveys.following:still_true",
    open_posts=("/survey/",),
)
