"""What the tickets give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.tickets",
    tables="utility_crm.tickets.tables",
    jobs="utility_crm.tickets.jobs:JOBS",
)
