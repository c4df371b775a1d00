"""What the room of records from other systems gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.records",
    personal="utility_crm.records.personal:PERSONAL",
    tables="utility_crm.records.tables",
    pages="utility_crm.records.pages:router",
    jobs="utility_crm.records.jobs:JOBS",
    navigation=(Room("Records", "/records", "r", "records.run", 86),),
    records="utility_crm.records.own_kinds:own_kinds",
    commands="utility_crm.records.commands:app",
)
