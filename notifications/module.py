"""What notifications gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="notifications",
    tables="notifications.tables",
    pages="notifications.pages:router",
    customer="notifications.customer:ROOM",
    desk="notifications.outages.desk:known_now",
    jobs="notifications.jobs:JOBS",
    commands="notifications.commands:app",
    demo="notifications.demo:build",
    open_posts=("/unsubscribe/",),
    navigation=(
        Room("Outages", "/outages", "o", "outages.read", 70),
        Room("Notices", "/notices", "n", "notices.read", 80),
    ),
)
