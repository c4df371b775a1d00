"""Consent, the outbox, the local mailbox, and outages."""

from notifications.tables.consents import Consent
from notifications.tables.outages import Outage
from notifications.tables.outbox import MailboxMessage, OutboxNotice
from notifications.tables.staff import StaffMail

__all__ = ["Consent", "MailboxMessage", "Outage", "OutboxNotice", "StaffMail"]
