"""What value gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="churn.value",
    personal="churn.value.personal:PERSONAL",
    tables="churn.value.tables",
    pages="churn.value.pages:router",
    customer="churn.value.beside:ROOM",
    jobs="churn.value.jobs:JOBS",
    commands="churn.value.commands:app",
    demo="churn.value.demo:build",
    navigation=(Room("Value", "/value", "l", "leavers.read", 42),),
)
