"""What is done to tickets: one function a use case; none commits. Import them from here."""

from utility_crm.tickets.actions.bulk import Bulk, bulk
from utility_crm.tickets.actions.changing import (
    assign,
    change,
    set_customer,
    set_kind,
    set_priority,
    set_status,
    snooze,
    tag,
)
from utility_crm.tickets.actions.incidents import answer_all, set_parent
from utility_crm.tickets.actions.linking import link, unlink, unwatch, watch
from utility_crm.tickets.actions.merging import merge, unmerge
from utility_crm.tickets.actions.opening import open_ticket
from utility_crm.tickets.actions.splitting import split
from utility_crm.tickets.actions.talking import add_message, add_note, note_sending, ticket_of

__all__ = [
    "Bulk",
    "add_message",
    "add_note",
    "answer_all",
    "assign",
    "bulk",
    "change",
    "link",
    "merge",
    "note_sending",
    "open_ticket",
    "set_customer",
    "set_kind",
    "set_parent",
    "set_priority",
    "set_status",
    "snooze",
    "split",
    "tag",
    "ticket_of",
    "unlink",
    "unmerge",
    "unwatch",
    "watch",
]
