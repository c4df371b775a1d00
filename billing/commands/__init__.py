"""`utility-crm billing ...`: a file a group of commands; one that is imported here is there."""

from billing.commands import (
    adjusting,
    answering,
    bills,
    comparing,
    corrections,
    direct_debit,
    documents,
    explaining,
    ledger,
    life,
    payments,
    prices,
    quoting,
    runs,
    statements,
    tariffs,
    what_if,
)
from billing.commands.app import app

__all__ = [
    "adjusting",
    "answering",
    "app",
    "bills",
    "comparing",
    "corrections",
    "direct_debit",
    "documents",
    "explaining",
    "ledger",
    "life",
    "payments",
    "prices",
    "quoting",
    "runs",
    "statements",
    "tariffs",
    "what_if",
]
