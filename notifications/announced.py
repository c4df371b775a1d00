"""What other systems hear of notices, consent and outages: the kinds, with an example each."""

from __future__ import annotations

from utility_crm.kit.ports import Announced
from utility_crm.web.words import mark

_CUSTOMER = {"customer": "C-100234"}
_OUTAGE = {
    "outage": 12, "reference": "INC-5", "state": "confirmed", "place": "F-07", "place_called": "Feeder 7",
    "starts_at": "2026-11-20T14:00:00+00:00", "ends_at": None, "reason": "A cable was cut",
    "what": "confirmed",
}  # fmt: skip
_LATER = {**_OUTAGE, "state": "estimated", "ends_at": "2026-11-20T17:30:00+00:00", "what": "estimated"}
_PLANNED = {
    "outage": 13, "place": "F-07", "starts_at": "2026-12-01T09:00:00+00:00",
    "ends_at": "2026-12-01T12:00:00+00:00", "reason": "A new switch",
}  # fmt: skip
ANNOUNCED = (
    Announced("outage.planned", mark("Works were planned"), _PLANNED),
    Announced("outage.begun", mark("An outage was confirmed"), _OUTAGE),
    Announced("outage.changed", mark("More is known of an outage"), _LATER),
    Announced("outage.ended", mark("The supply is back, or was never off"),
              {**_LATER, "state": "restored", "what": "restored"}),
    Announced("notice.bounced", mark("A notice did not arrive, or was not wanted"),
              {**_CUSTOMER, "notice": 9001, "kind": "bill_ready", "channel": "email", "what": "bounced"},
              {"address": "anna@mail.example"}),
    Announced("consent.changed", mark("A customer said what they want to hear"),
              {**_CUSTOMER, "purpose": "marketing", "channel": "email", "granted": False}),
)  # fmt: skip
