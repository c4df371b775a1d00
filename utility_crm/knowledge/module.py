"""What the knowledge base gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="utility_crm.knowledge", tables="utility_crm.knowledge.tables")
