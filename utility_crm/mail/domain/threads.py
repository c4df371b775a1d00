"""Which ticket a message belongs to. Pure: names and addresses in, a ticket's id out.

1. It answers a message of ours: its In-Reply-To or References name one (RFC 5322, 3.6.4). Our names hold a
   digest under our secret, so nobody can guess one.
2. It was sent to the address that we asked for answers at: `care+t17.k3jq...@utility.example` (the detail of
   RFC 5233), signed, too.
3. Its subject has the ticket's number, and its sender is known there. A number alone lets nobody in.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

_DIGITS: Final = 16
"""Of the signature, in base 32: 80 bits."""
_DETAIL: Final = re.compile(r"\+t(\d{1,15})\.([a-z2-7]{16})@", re.ASCII)
_NAMED: Final = re.compile(r"<[^<>\s]{1,300}>")
_MOST_NAMES: Final = 50


def sealed(secret: str, what: str, about: object) -> str:
    """A short signature in lower-case letters and digits, which a mail server may not change."""
    digest = hmac.new(secret.encode(), f"mail.{what}:{about}".encode(), sha256).digest()
    return b32encode(digest).decode().lower()[:_DIGITS]


def reply_address(own: str, ticket_id: int, secret: str) -> str:
    """Where answers to a ticket are sent: our own address with the ticket as its detail."""
    name, _, domain = own.rpartition("@")
    return f"{name}+t{ticket_id}.{sealed(secret, 'reply', ticket_id)}@{domain}"


def ticket_at(addresses: Iterable[str], secret: str) -> int | None:
    """The ticket that one of these addresses names under our signature."""
    for address in addresses:
        found = _DETAIL.search(address.lower())
        if found and hmac.compare_digest(found[2], sealed(secret, "reply", int(found[1]))):
            return int(found[1])
    return None


def names_in(header: str) -> tuple[str, ...]:
    """The Message-IDs of a header, newest first, each once."""
    return tuple(dict.fromkeys(reversed(_NAMED.findall(header)[-_MOST_NAMES:])))
