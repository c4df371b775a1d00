"""What the tickets give the host."""

from utility_crm.kit.module import Module
from utility_crm.tickets.seen import TICKET

MODULE = Module(
    name="utility_crm.tickets",
    tables="utility_crm.tickets.tables",
    owners=(TICKET,),
    jobs="utility_crm.tickets.jobs:JOBS",
)
