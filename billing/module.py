"""What billing gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="billing", tables="billing.tables", demo="billing.demo:build")
