"""What the room of data quality gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.quality",
    personal="utility_crm.quality.personal:PERSONAL",
    pages="utility_crm.quality.pages:router",
    navigation=(Room("Kept twice", "/duplicates", "q", "customers.merge", 85),),
    tables="utility_crm.quality.tables",
    demo="utility_crm.quality.demo:build",
    jobs="utility_crm.quality.jobs:JOBS",
    commands="utility_crm.quality.commands:app",
)
