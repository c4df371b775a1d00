"""What uplift gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(
    name="churn.uplift",
    personal="churn.uplift.personal:PERSONAL",
    facts="churn.uplift.facts:FACTS",
    tables="churn.uplift.tables",
    jobs="churn.uplift.jobs:JOBS",
)
