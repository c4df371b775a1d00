"""What notifications gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="notifications", tables="notifications.tables")
