"""What the surveys give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.surveys",
    personal="utility_crm.surveys.personal:PERSONAL",
    tables="utility_crm.surveys.tables",
    pages="utility_crm.surveys.routes:router",
    demo="utility_crm.surveys.demo:build",
    jobs="utility_crm.surveys.jobs:JOBS",
    ticket_events="utility_crm.surveys.following:on_ticket_event",
    ticket_sections="utility_crm.surveys.beside:beside_ticket",
    still_true="utility_crm.surveys.following:still_true",
    commands="utility_crm.surveys.commands:app",
    filtered=("/surveys",),
    plain=(
        "/surveys/plan",
        "/surveys/plan/usual",
        "/surveys/rules/{key}",
        "/surveys/rules/{key}/move",
        "/surveys/rules/{key}/drop",
    ),
    open_posts=("/survey/",),
)
