"""A messenger behind a gateway that speaks as ours does outwards (`notifications/channels/gateway.py`):

POST /api/v1/messenger/generic        Content-Type: application/json
X-Timestamp: 1732243200               seconds since 1970, at most 5 minutes from now
X-Signature: sha256=...               HMAC-SHA256 of "timestamp.body" under the shared secret
{"messages": [{"id": "m-1", "from": "ann.hill", "name": "Ann Hill", "text": "...",
               "at": "2026-11-20T14:42:00Z"}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from utility_crm.kit.errors import Invalid
from utility_crm.kit.signature import is_signed
from utility_crm.mail.messengers import LONGEST_TEXT, MOST_MESSAGES, Message
from utility_crm.web.bodies import Instant, Text, Theirs, read_body


class Said(Theirs):
    """One message, as the gateway tells it; what else it says of it is its own."""

    id: Annotated[str, Text(200, least=1)]
    from_: Annotated[str, Text(200, least=1)] = Field(alias="from")
    text: Annotated[str, Text(LONGEST_TEXT, least=1)]
    name: Annotated[str, Text(200)] = ""
    at: Annotated[datetime, Instant(utc=True)] | None = None


class Brought(Theirs):
    """What a messenger brings at once."""

    messages: list[Said] = Field(min_length=1, max_length=MOST_MESSAGES)


class Generic:
    """See the module."""

    def is_genuine(self, body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> bool:
        return is_signed(body, headers, secret, now)

    def read(self, body: bytes, now: datetime) -> Sequence[Message]:
        try:
            told: object = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Invalid("not_json", "The body is no JSON.", "$") from error
        return [
            Message(one.id, " ".join(one.from_.lower().split()), one.name, one.text, one.at or now)
            for one in read_body(Brought, told).messages
        ]


ADAPTER = Generic()
