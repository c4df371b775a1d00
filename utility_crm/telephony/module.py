"""What the telephone gives the host."""

from utility_crm.kit.module import Module, Owner, Room

_OF_CALL = "select customer_id from calls where id = cast(:value as bigint)"
_CHOSEN = "select id from customers where id = cast(substring(:value from '^[0-9]{1,18}$') as bigint)"

MODULE = Module(
    name="utility_crm.telephony",
    personal="utility_crm.telephony.personal:PERSONAL",
    tables="utility_crm.telephony.tables",
    pages="utility_crm.telephony.routes:router",
    customer="utility_crm.telephony.customer:ROOM",
    desk_questions="utility_crm.telephony.desk:QUESTIONS",
    commands="utility_crm.telephony.commands:app",
    logged="utility_crm.telephony.actions:logged",
    demo="utility_crm.telephony.demo:build",
    owners=(
        Owner("/telephone/{call_id}", "telephone call", _OF_CALL, anybodys=True),
        Owner("", "customer", _CHOSEN, fields=("customer",), anybodys=True),
    ),
    filtered=("/telephone", "/elsewhere/{call}", "/elsewhere/{call}/line"),
    navigation=(Room("Calls", "/telephone", "p", "calls.read", 18),),
)
