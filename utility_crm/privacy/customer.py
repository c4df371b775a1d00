"""What the room of privacy adds to the customer page: the way there, for who may."""

from __future__ import annotations

from utility_crm.kit.parts import Act, CustomerRoom
from utility_crm.web.words import mark

ROOM = CustomerRoom(
    acts=(Act("u", mark("Their data"), "privacy.ask", href="/privacy/customers/{customer}", order=95),)
)
