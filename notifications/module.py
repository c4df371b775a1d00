"""What notifications gives the host."""

from utility_crm.kit.module import Module, Owner, Room

_TOLD = "select customer_id from outbox where id = cast(:value as bigint)"
_CALLED = "select customer_id from call_tasks where id = cast(:value as bigint)"

MODULE = Module(
    name="notifications",
    personal="notifications.personal:PERSONAL",
    facts="notifications.facts:FACTS",
    tables="notifications.tables",
    pages="notifications.pages:router",
    customer="notifications.customer:ROOM",
    desk="notifications.outages.desk:known_now",
    jobs="notifications.jobs:JOBS",
    commands="notifications.commands:app",
    demo="notifications.demo:build",
    sends="notifications.answers:send_letter",
    asks="notifications.surveys:ask_customers",
    reports="notifications.answers:take_report",
    announces="notifications.announced:ANNOUNCED",
    open_posts=("/unsubscribe/",),
    owners=(
        Owner(
            "/notices/{notice_id}",
            "notice",
            _TOLD,
        ),
        Owner("/outages/{outage_id}/called/{customer_id}", "customer", "cast(:value as bigint)"),
        Owner("/calls/{task_id}", "call", _CALLED, whole=True),
        Owner("/api/v1/customers/{number}", "customer", "select id from customers where number = :value"),
    ),
    plain=(
        "/notices/kinds",
        "/notices/kinds/{kind}",
        "/outages/reliability",
        "/outages/reliability.csv",
        "/outages/heard",
        "/outages/report",
    ),
    navigation=(
        Room("Outages", "/outages", "o", "outages.read", 70),
        Room("Notices", "/notices", "n", "notices.read", 80),
    ),
)
