"""What segments give the host."""

from utility_crm.kit.module import Module, Owner, Room

MODULE = Module(
    name="utility_crm.segments",
    tables="utility_crm.segments.tables",
    personal="utility_crm.segments.personal:PERSONAL",
    facts="utility_crm.customers.facts:FACTS",
    pages="utility_crm.segments.pages:router",
    jobs="utility_crm.segments.jobs:JOBS",
    commands="utility_crm.segments.commands:app",
    demo_last="utility_crm.segments.demo:build",
    owners=(
        Owner(
            "/segments/{segment_id}",
            "segment",
            "select cast(null as bigint) where :value is not null",
            anybodys=True,
        ),
    ),
    filtered=(
        "/segments",
        "/segments/new",
    ),
    navigation=(Room("Segments", "/segments", "x", "segments.read", 41),),
)
