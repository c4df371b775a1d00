"""Consent, the outbox with attempts and receipts, letters, suppressed addresses, the mailbox, and outages."""

from notifications.tables.consents import Consent
from notifications.tables.letters import LetterBatch, PaperLetter
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
from notifications.tables.versions import NoticeVersion

__all__ = [
    "CallTask",
    "Consent",
    "DeliveryAttempt",
    "LetterBatch",
    "MailboxMessage",
    "NoticeEvent",
    "NoticeVersion",
    "Outage",
    "OutageEvent",
    "OutageTelling",
    "OutboxNotice",
    "PaperLetter",
    "Receipt",
    "StaffMail",
    "Suppression",
]
