"""What tasks give the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.tasks",
    tables="utility_crm.tasks.tables",
    pages="utility_crm.tasks.routes:router",
    customer="utility_crm.tasks.customer:ROOM",
    demo="utility_crm.tasks.demo:build",
    jobs="utility_crm.tasks.jobs:JOBS",
    navigation=(Room("Tasks", "/tasks", "a", "tasks.read", 15),),
)
