"""What billing gives the host."""

from utility_crm.kit.module import Module, Owner, Room

_OF_BILL = """select a.customer_id from bills b join accounts a on a.id = b.account_id
    where b.number = :value"""
_OF_ACCOUNT = "select customer_id from accounts where number = :value"

MODULE = Module(
    name="billing",
    personal="billing.personal:PERSONAL",
    facts="billing.facts:FACTS",
    tables="billing.tables",
    pages="billing.pages:router",
    customer="billing.customer.room:ROOM",
    search="billing.search:find_bills",
    figures="billing.figures:FIGURES",
    importing="billing.importing:COLUMNS",
    jobs="billing.jobs:JOBS",
    commands="billing.commands:app",
    records="billing.brought:KINDS",
    on_top=(("tariffs", "billing.commands.tariffs:tariffs"),),
    demo="billing.demo:build",
    still_true="billing.telling.still_true:as_it_is_now",
    announces="billing.announcing:ANNOUNCED",
    owners=(
        Owner("/bills/{number}", "bill", _OF_BILL, fields=("bill",)),
        Owner("/accounts/{number}", "account", _OF_ACCOUNT),
        Owner("/billing/dunning/{account}", "account", _OF_ACCOUNT, whole=True),
        Owner("/api/v1/accounts/{account}", "account", _OF_ACCOUNT),
    ),
    plain=("/billing/tariffs/{code}",),
    navigation=(Room("Billing", "/billing", "b", "billing.read", 30),),
)
