"""What the mail room gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.mail",
    tables="utility_crm.mail.tables",
    pages="utility_crm.mail.pages:router",
    jobs="utility_crm.mail.jobs:JOBS",
    commands="utility_crm.mail.commands:app",
    ticket_events="utility_crm.mail.sending:on_ticket_event",
    open_posts=("/contact", "/api/v1/messenger/"),
)
