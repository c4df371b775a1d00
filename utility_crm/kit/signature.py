"""Signing what goes to a provider, and checking what comes back. Pure.

The signature is HMAC-SHA256 (RFC 2104) of the timestamp, a dot, and the body; a timestamp too far from now is
refused, so that what was overheard cannot be played again later.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

TOLERANCE: Final = timedelta(minutes=5)
TIMESTAMP: Final = "x-timestamp"
SIGNATURE: Final = "x-signature"


def signed(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The two headers that go with a body."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: f"sha256={_digest(timestamp, body, secret)}"}


def is_signed(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> bool:
    """Whether the headers (lower-case names) sign this body under `secret`, within TOLERANCE of now."""
    timestamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not secret or not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 10:
        return False
    at = datetime.fromtimestamp(int(timestamp), UTC)
    right = f"sha256={_digest(timestamp, body, secret)}"
    return abs(now - at) <= TOLERANCE and hmac.compare_digest(right.encode(), given.encode())


def _digest(timestamp: str, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
