"""Consent, the outbox with attempts and receipts, suppressed addresses, the mailbox, and outages."""

from notifications.tables.consents import Consent
from notifications.tables.outages import Outage
from notifications.tables.outbox import DeliveryAttempt, MailboxMessage, OutboxNotice, Receipt, Suppression
from notifications.tables.staff import StaffMail

__all__ = [
    "Consent",
    "DeliveryAttempt",
    "MailboxMessage",
    "Outage",
    "OutboxNotice",
    "Receipt",
    "StaffMail",
    "Suppression",
]
