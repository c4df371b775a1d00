"""What billing gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="billing",
    tables="billing.tables",
    pages="billing.pages:router",
    customer="billing.customer.room:ROOM",
    search="billing.search:find_bills",
    importing="billing.importing:COLUMNS",
    jobs="billing.jobs:JOBS",
    commands="billing.commands:app",
    on_top=(("tariffs", "billing.commands.tariffs:tariffs"),),
    demo="billing.demo:build",
    still_true="billing.telling.still_true:as_it_is_now",
    navigation=(Room("Billing", "/billing", "b", "billing.read", 30),),
)
