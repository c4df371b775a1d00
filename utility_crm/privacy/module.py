"""What the room of privacy gives the host."""

from utility_crm.kit.module import Module, Owner, Room

_ID = "cast(:value as bigint)"

MODULE = Module(
    name="utility_crm.privacy",
    personal="utility_crm.privacy.personal:PERSONAL",
    tables="utility_crm.privacy.tables",
    pages="utility_crm.privacy.pages:router",
    customer="utility_crm.privacy.customer:ROOM",
    jobs="utility_crm.privacy.jobs:JOBS",
    commands="utility_crm.privacy.commands:app",
    demo="utility_crm.privacy.demo:build",
    owners=(
        Owner("/privacy/customers/{customer_id}", "customer", _ID),
        Owner("/privacy/erased/{customer_id}", "customer", _ID),
        Owner(
            "/privacy/requests/{request_id}",
            "request",
            f"select customer_id from privacy_requests where id = {_ID}",
        ),
        Owner("/privacy/holds/{hold_id}", "hold", f"select customer_id from privacy_holds where id = {_ID}"),
        Owner(
            "/privacy/exports/{export_id}",
            "archive",
            f"select customer_id from privacy_exports where id = {_ID}",
        ),
    ),
    plain=("/privacy/retention/{kind}",),
    navigation=(Room("Privacy", "/privacy", "z", "privacy.ask", 96),),
)
