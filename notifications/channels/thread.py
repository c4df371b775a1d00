"""The heads by which a letter stands in its thread, and by which machines know who wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, Final, Literal

from notifications.channels import Thread

_NAME: Final = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,300}>")
_SUBMITTED: Final[Mapping[str, str]] = {"machine": "auto-generated", "receipt": "auto-replied"}
_BY: Final[tuple[Literal["receipt", "person"], ...]] = ("receipt", "person")


class WholeNames(EmailPolicy):
    """Names of letters are written whole: the library would put those that are longer than a line into
    encoded words, which no program knows again (RFC 2047, 5)."""

    def fold(self, name: str, value: Any) -> str:
        return self._names(name, value) or str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        whole = self._names(name, value)
        return whole.encode("ascii", "replace") if whole else super().fold_binary(name, value)

    def _names(self, name: str, value: Any) -> str:
        if name.lower() not in ("message-id", "in-reply-to", "references"):
            return ""
        return f"{name}: " + f"{self.linesep} ".join(str(value).split()) + self.linesep


POLICY: Final = WholeNames(linesep="\r\n")


def thread_in(context: Mapping[str, Any]) -> Thread:
    """What a notice's context says of its thread."""
    told = context.get("thread") or {}
    return Thread(
        answers=tuple(name for name in map(str, told.get("answers", ())) if _NAME.fullmatch(name)),
        reply_to=str(told.get("reply_to", "")),
        written_by=next((one for one in _BY if one == told.get("written_by")), "machine"),
        files=tuple((str(digest), str(name)) for digest, name in told.get("files", ())),
    )


def put_thread(message: EmailMessage, thread: Thread) -> None:
    """The heads of a thread. Raises `ValueError` where one would be two lines."""
    if thread.reply_to:
        message["Reply-To"] = thread.reply_to
    if thread.answers:
        message["In-Reply-To"] = thread.answers[-1]
        message["References"] = " ".join(thread.answers)
    message["X-Utility-CRM"] = thread.written_by
    if submitted := _SUBMITTED.get(thread.written_by):
        message["Auto-Submitted"] = submitted
        message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
