"""What segments give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.segments",
    tables="utility_crm.segments.tables",
    personal="utility_crm.segments.personal:PERSONAL",
    facts="utility_crm.customers.facts:FACTS",
)
