"""What tasks give the host."""

from utility_crm.kit.module import Module, Owner, Room

_THEIRS = """exists (select from tasks where id = cast(:value as bigint) and (
    assignee_id = :user_id or created_by = :user_id or customer_id is not null or team_id = any(:team_ids)
    or (assignee_id is null and team_id is null)
    or assignee_id in (select user_id from team_members where team_id = any(:team_ids))))"""
"""One's own tasks, what one gave to others, those of one's teams and the people in them, those of nobody, and
what is about a customer: who opens the customer's page finds it there."""

MODULE = Module(
    name="utility_crm.tasks",
    personal="utility_crm.tasks.personal:PERSONAL",
    tables="utility_crm.tasks.tables",
    pages="utility_crm.tasks.routes:router",
    desk_questions="utility_crm.tasks.desk:QUESTIONS",
    customer="utility_crm.tasks.customer:ROOM",
    owners=(
        Owner(
            "/tasks/{task_id:int}",
            "task",
            "select customer_id from tasks where id = cast(:value as bigint)",
            theirs=_THEIRS,
            all_by="tasks.all",
            anybodys=True,
        ),
    ),
    filtered=("/tasks", "/tasks/reminders", "/tasks/calendar.ics"),
    plain=("/tasks/calendar",),
    demo="utility_crm.tasks.demo:build",
    jobs="utility_crm.tasks.jobs:JOBS",
    navigation=(Room("Tasks", "/tasks", "a", "tasks.read", 15),),
)
