"""What tasks give the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="utility_crm.tasks", tables="utility_crm.tasks.tables")
