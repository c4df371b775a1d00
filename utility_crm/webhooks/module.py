"""What webhooks give the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.webhooks",
    personal="utility_crm.webhooks.personal:PERSONAL",
    tables="utility_crm.announcing.tables",
    pages="utility_crm.webhooks.pages:router",
    commands="utility_crm.webhooks.commands:app",
    jobs="utility_crm.webhooks.jobs:JOBS",
    lanes="utility_crm.webhooks.lane:run_lane",
    demo="utility_crm.webhooks.demo:build",
    ticket_events="utility_crm.webhooks.of_tickets:told",
    navigation=(Room("Webhooks", "/webhooks", "h", "webhooks.run", 96),),
    announces="utility_crm.webhooks.catalogue:ANNOUNCED",
)
