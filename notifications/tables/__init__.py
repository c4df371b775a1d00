"""Consent, the outbox with attempts and receipts, suppressed addresses, the mailbox, and outages."""

from notifications.tables.consents import Consent
from notifications.tables.outages import CallTask, Outage, OutageEvent, OutageTelling
from notifications.tables.outbox import (
    DeliveryAttempt,
    MailboxMessage,
    NoticeEvent,
    OutboxNotice,
    Receipt,
    Suppression,
)
from notifications.tables.staff import StaffMail

__all__ = [
    "CallTask",
    "Consent",
    "DeliveryAttempt",
    "MailboxMessage",
    "NoticeEvent",
    "Outage",
    "OutageEvent",
    "OutageTelling",
    "OutboxNotice",
    "Receipt",
    "StaffMail",
    "Suppression",
]
