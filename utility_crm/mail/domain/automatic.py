"""What no person wrote: automatic answers, lists, and what we sent ourselves. Pure.

Such mail is kept and not answered: two machines that answer each other do so for ever (RFC 3834, 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Why = Literal["auto_reply", "bulk", "null_sender", "loop"]

OURS: Final = "x-utility-crm"
"""The header that every letter of ours carries: one that comes back with it went round in a circle."""
_AUTOMATIC: Final = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply")
_BULK: Final = frozenset({"bulk", "junk", "list"})
_SUPPRESSED: Final = frozenset({"all", "oof", "autoreply"})
"""Values of Exchange's X-Auto-Response-Suppress ([MS-OXCMAIL], 2.1.3.2.20) by which a machine says that it
wants no answers of machines."""


def why_automatic(headers: Mapping[str, str], sender: str, own: str) -> Why | None:
    """Why this is no person's letter; None where it may be one. `headers` by lower-case name, `own`: the
    address we write from."""
    if OURS in headers or (sender and sender == own.lower()):
        return "loop"
    submitted = headers.get("auto-submitted", "").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):  # RFC 3834, 5
        return "auto_reply"
    precedence = headers.get("precedence", "").strip().lower()
    suppressed = {one.strip().lower() for one in headers.get("x-auto-response-suppress", "").split(",")}
    if precedence == "auto_reply" or suppressed & _SUPPRESSED or any(one in headers for one in _AUTOMATIC):
        return "auto_reply"
    if "return-path" in headers and headers["return-path"].replace(" ", "") in ("<>", ""):
        return "null_sender"  # RFC 5321, 4.5.5
    if precedence in _BULK or "list-id" in headers:
        return "bulk"
    return None
