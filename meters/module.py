"""What meters gives the host."""

from utility_crm.kit.module import Module

MODULE = Module(name="meters", tables="meters.tables", commands="meters.commands:app", demo="meters.demo:build")
