"""What churn gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="churn", tables="churn.tables")
