"""A notice's name in the world: a key and a channel always give the same Message-ID (RFC 5322, 3.6.4)."""

from __future__ import annotations

from hashlib import sha256


def message_id(key: str, sender: str, channel: str = "email") -> str:
    """`<digest@domain of the sender's address>`; a crash between sending and marking repeats it, never
    renews it. What goes another way is another message."""
    named = key if channel == "email" else f"{key} by {channel}"
    domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<{sha256(named.encode()).hexdigest()[:40]}@{domain}>"
