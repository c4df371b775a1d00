"""What meters gives the host."""

from __future__ import annotations

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="meters",
    tables="meters.tables",
    pages="meters.pages:router",
    customer="meters.customer:ROOM",
    search="meters.search:find_meters",
    importing="meters.importing:COLUMNS",
    network_importing="meters.balance.importing:COLUMNS",
    jobs="meters.jobs:JOBS",
    commands="meters.commands:app",
    demo="meters.demo:build",
    navigation=(Room("Feeds", "/feeds", "f", "feeds.run", 25),),
)
