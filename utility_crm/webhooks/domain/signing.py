"""Signatures as the Standard Webhooks specification has them (standard-webhooks, version 1.0.0).

What is signed is `webhook-id.webhook-timestamp.body`, by HMAC-SHA256 under each secret that counts now; the
signatures stand in one header, `v1,` and base64 each, parted by blanks. A secret is `whsec_` and base64 of 24
to 64 bytes.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from utility_crm.kit.errors import Invalid

PREFIX: Final = "whsec_"
BYTES: Final = 32
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def written(key: bytes) -> str:
    """A key of random bytes as people pass it on."""
    return PREFIX + b64encode(key).decode("ascii")


def key_of(secret: str) -> bytes:
    """The key in a secret. Raises Invalid."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not 24 <= len(key) <= 64:
        raise Invalid("secret", "A secret is whsec_ and base64 of 24 to 64 bytes.", "secret")
    return key


def signature(secret: str, name: str, at: datetime, body: bytes) -> str:
    """One signature of a body that goes out as `name` at an instant (to the second)."""
    content = f"{name}.{int(at.timestamp())}.".encode() + body
    return "v1," + b64encode(hmac.new(key_of(secret), content, sha256).digest()).decode("ascii")


def headers(secrets: Sequence[str], name: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers, signed under every secret, the newest first."""
    signed = " ".join(signature(secret, name, at, body) for secret in secrets)
    return {ID: name, TIMESTAMP: str(int(at.timestamp())), SIGNATURE: signed}
