"""What the mail room gives the host."""

from utility_crm.kit.module import Module, Owner, Room
from utility_crm.tickets.seen import ALL, allowed

_CAME = Owner(
    "/mail/{arrival_id}",
    "message",
    "select customer_id from arrivals where id = cast(:value as bigint)",
    theirs=f"""select a.ticket_id is null or coalesce(
            (select rule.seen from ({allowed("a.ticket_id")}) as rule (seen)), false)
        from arrivals a where a.id = cast(:value as bigint)""",
    all_by=ALL,
    anybodys=True,
)
"""Whose a message is: its customer's; who may not see its ticket does not see it."""

MODULE = Module(
    name="utility_crm.mail",
    personal="utility_crm.mail.personal:PERSONAL",
    tables="utility_crm.mail.tables",
    pages="utility_crm.mail.pages:router",
    jobs="utility_crm.mail.jobs:JOBS",
    commands="utility_crm.mail.commands:app",
    demo="utility_crm.mail.demo:build",
    ticket_events="utility_crm.mail.sending:on_ticket_event",
    owners=(_CAME,),
    filtered=("/mail",),
    navigation=(Room("Post", "/mail", "e", "mail.read", 17),),
    open_posts=("/contact", "/api/v1/messenger/"),
)
