"""Payments and balances of another system, as kinds of record (`Module.records`)."""

from billing.brought.balances import BALANCES
from billing.brought.payments import PAYMENTS

KINDS = (PAYMENTS, BALANCES)
