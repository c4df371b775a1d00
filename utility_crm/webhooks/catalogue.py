"""What the ground itself announces: tickets, and every change that `auth.audit.note_change` keeps."""

from __future__ import annotations

from typing import Final

from utility_crm.kit.ports import Announced
from utility_crm.web.words import mark
from utility_crm.webhooks.of_tickets import ANNOUNCED as OF_TICKETS

_WAY: Final = {"kind": "email", "value": "anna@mail.example"}
ANNOUNCED: Final = (
    Announced(
        "customer.changed",
        mark("Something of a customer was changed"),
        {"customer": "C-100234", "what": "way to reach", "fields": ["kind", "value"]},
        {"before": None, "after": _WAY},
    ),
    *OF_TICKETS,
)
