"""What the room of data quality gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.quality",
    tables="utility_crm.quality.tables",
    jobs="utility_crm.quality.jobs:JOBS",
    commands="utility_crm.quality.commands:app",
)
