"""Tariffs, agreements, bills and their lines, payments, and a double-entry ledger: a room a subject."""

from billing.tables.bills import Bill, BillFill, BillLine, HeldBill
    "TariffHistory",
