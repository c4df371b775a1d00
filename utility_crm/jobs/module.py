"""What the jobs page gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.jobs",
    pages="utility_crm.jobs.pages:router",
    navigation=(Room("Jobs", "/jobs", "j", "jobs.run", 90),),
    plain=("/jobs",),
)
