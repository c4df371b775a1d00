"""A notice's name in the world: the same key always gives the same Message-ID (RFC 5322, 3.6.4)."""

from __future__ import annotations

from hashlib import sha256


def message_id(key: str, sender: str) -> str:
    """`<digest@domain of the sender's address>`; a crash between sending and marking repeats it, never
    renews it."""
    domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"
