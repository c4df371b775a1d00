"""What the audit log gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.audit",
    personal="utility_crm.audit.personal:PERSONAL",
    pages="utility_crm.audit.pages:router",
    navigation=(Room("Audit", "/audit", "v", "audit.read", 95),),
)
