"""By what a letter is known again, whoever hands it over and however they wrote it down."""

from __future__ import annotations

from hashlib import sha256
from json import dumps

from utility_crm.mail.reading import Attached, Mail, Unreadable, read_mail


def digest_of(raw: bytes) -> str:
    """A letter's own digest (SHA-256, hexadecimal): of its name, who wrote it, when, about what, its words
    and its files.

    The same when another server hands it over again: lines that servers add on the way are left out, and a
    body that a relay encoded anew (RFC 6152, 3: 8bit as quoted-printable) is the same words. One that nobody
    can read is known by its bytes.
    """
    mail = read_mail(raw)
    return digest_of_bytes(raw) if isinstance(mail, Unreadable) else _of(mail)


def digest_of_bytes(raw: bytes) -> str:
    """The digest of a letter's bytes, without the lines that servers add on the way: of what nobody can read,
    and of what came before letters were known by their words."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept, keep = [], True
    for line in head.split(b"\n"):
        if line[:1] not in (b" ", b"\t"):
            name = line.partition(b":")[0].strip().lower()
            keep = name in (b"message-id", b"from", b"date", b"subject", b"content-type")
        if keep:
            kept.append(line.rstrip())
    return sha256(b"\n".join(sorted(kept)) + b"\n\n" + body.rstrip()).hexdigest()


def _of(mail: Mail) -> str:
    own = [
        mail.message_id,
        mail.sender,
        mail.sender_name,
        mail.at.isoformat() if mail.at is not None else "",
        mail.subject,
        "\n".join(line.rstrip() for line in mail.text.splitlines()),
        [[one.name, _file(one)] for one in mail.attached],
    ]
    return sha256(dumps(own).encode()).hexdigest()  # in ASCII: half pairs are written out


def _file(one: Attached) -> str:
    """Of a text the ends of its lines are the relay's."""
    is_text = one.media_type.startswith(("text/", "message/"))
    content = one.content.replace(b"\r\n", b"\n").rstrip() if is_text else one.content
    return sha256(content).hexdigest()
