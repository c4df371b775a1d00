"""The kinds of record that belong to no other room: customers, and what they said."""

from utility_crm.records.contacts import KINDS as CONTACTS
from utility_crm.records.customers import kinds_of_customers
from utility_crm.records.kinds import Kind


def own_kinds() -> tuple[Kind, ...]:
    """As `Module.records` names it."""
    return (*kinds_of_customers(), *CONTACTS)
