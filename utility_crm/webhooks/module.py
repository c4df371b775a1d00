"""What webhooks give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.webhooks",
    personal="utility_crm.webhooks.personal:PERSONAL",
    tables="utility_crm.announcing.tables",
    commands="utility_crm.webhooks.commands:app",
    jobs="utility_crm.webhooks.jobs:JOBS",
    lanes="utility_crm.webhooks.lane:run_lane",
    ticket_events="utility_crm.webhooks.of_tickets:told",
    announces="utility_crm.webhooks.catalogue:ANNOUNCED",
)
