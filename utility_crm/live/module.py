"""What live pages give the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="utility_crm.live",
    personal="utility_crm.live.personal:PERSONAL",
    jobs="utility_crm.live.jobs:JOBS",
)
