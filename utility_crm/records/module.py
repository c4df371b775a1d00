"""What the room of records from other systems gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.records",
    personal="utility_crm.records.personal:PERSONAL",
    tables="utility_crm.records.tables",
    records="utility_crm.records.contacts:KINDS",
    commands="utility_crm.records.commands:app",
)
