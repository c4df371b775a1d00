"""What the room of privacy gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.privacy",
    personal="utility_crm.privacy.personal:PERSONAL",
    tables="utility_crm.privacy.tables",
    jobs="utility_crm.privacy.jobs:JOBS",
    commands="utility_crm.privacy.commands:app",
)
