"""What churn gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="churn",
    personal="churn.personal:PERSONAL",
    facts="churn.facts:FACTS",
    tables="churn.tables",
    pages="churn.pages:router",
    customer="churn.customer:ROOM",
    jobs="churn.jobs:JOBS",
    commands="churn.commands:app",
    demo="churn.demo:build",
    plain=("/leavers/model",),
    navigation=(Room("Leavers", "/leavers", "m", "leavers.read", 40),),
)
