"""Letters as customers and machines write them, in bytes."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from tests.conftest import NOW

CARE = "care@utility.example"


def letter(
    text: str = "My bill is too high.",
    *,
    sender: str = "Ann Hill <ann@home.example>",
    to: str = CARE,
    subject: str = "My bill",
    name: str = "<1@home.example>",
    answers: str = "",
    files: tuple[tuple[str, str, bytes], ...] = (),
    **heads: str,
) -> bytes:
    """A letter; `answers` is its In-Reply-To, `files` are (name, type, bytes), `heads` further ones."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(NOW)
    if name:
        mail["Message-ID"] = name
    if answers:
        mail["In-Reply-To"] = answers
    for head, value in heads.items():
        mail[head.replace("_", "-")] = value
    mail.set_content(text)
    for file, media_type, content in files:
        kind, _, sub = media_type.partition("/")
        mail.add_attachment(content, maintype=kind, subtype=sub, filename=file)
    return mail.as_bytes()
