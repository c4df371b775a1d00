"""What billing gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="billing",
    tables="billing.tables",
    search="billing.search:find_bills",
    jobs="billing.jobs:JOBS",
    commands="billing.commands:app",
    demo="billing.demo:build",
)
