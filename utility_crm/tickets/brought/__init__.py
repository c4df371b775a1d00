"""Tickets of another system, and what was written on them, as kinds of record (`Module.records`)."""

from utility_crm.tickets.brought.messages import MESSAGES
from utility_crm.tickets.brought.tickets import TICKETS

KINDS = (TICKETS, MESSAGES)
