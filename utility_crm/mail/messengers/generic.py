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
from datetime import UTC, datetime
from typing import Any

from utility_crm.kit.errors import Invalid
from utility_crm.kit.signature import is_signed
from utility_crm.mail.messengers import LONGEST_TEXT, MOST_MESSAGES, Message


class Generic:
    """See the module."""

    def is_genuine(self, body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> bool:
        return is_signed(body, headers, secret, now)

    def read(self, body: bytes, now: datetime) -> Sequence[Message]:
        try:
            told: Any = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Invalid("not_json", "The body is no JSON.", "$") from error
        rows = told.get("messages") if isinstance(told, dict) else None
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_MESSAGES:
            raise Invalid("shape", f"Send up to {MOST_MESSAGES} messages.", "$.messages")
        return [_message(row, f"$.messages[{number}]", now) for number, row in enumerate(rows)]


def _message(row: Any, where: str, now: datetime) -> Message:
    if not isinstance(row, dict):
        raise Invalid("shape", "A message is an object.", where)
    return Message(
        name=_text(row, "id", where, 200),
        sender=" ".join(_text(row, "from", where, 200).lower().split()),
        sender_name=_text(row, "name", where, 200, needed=False),
        text=_text(row, "text", where, LONGEST_TEXT),
        at=_instant(row.get("at"), where, now),
    )


def _text(row: dict[str, Any], name: str, where: str, most: int, *, needed: bool = True) -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
        raise Invalid("text", f"{name} has to be a text of 1 to {most} characters.", f"{where}.{name}")
    if any("\ud800" <= letter <= "\udfff" for letter in value) or "\0" in value:
        raise Invalid("text", f"{name} has half a letter or a null in it.", f"{where}.{name}")
    return value


def _instant(value: Any, where: str, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Invalid("instant", "at has to be an instant of ISO 8601.", f"{where}.at") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


ADAPTER = Generic()
