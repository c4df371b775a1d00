"""Files on messages: checked by their content, kept once, named without harm.

What a person uploads and cannot be taken is refused, with its reason. What came with a customer's message and
cannot be taken is left out, and the message says so: the message itself is never lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import puremagic
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.domain.files import MOST_FILES, TAKEN, Given, Kept, checked, harmless_name, inside
from utility_crm.tickets.tables import TicketAttachment, TicketFile
from utility_crm.web.words import mark

_PARTS = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def type_of(content: bytes) -> str:
    """What the bytes are, by their signature; "" where they have none that is known.

    An office document is a zip, so what lies inside says which; a mere archive stays application/zip.
    """
    if content.startswith(b"PK"):
        return _of_zip(content)
    try:
        likely = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return ""
    named = [str(one.mime_type) for one in likely if one.mime_type]
    taken = next((kind for kind in named if kind in TAKEN), "")
    return taken or next((kind for kind in named[:1] if kind != "text/plain"), "")


def _of_zip(content: bytes) -> str:
    names = inside(content)
    if names and names[0] == "mimetype":
        told = content[38 : 38 + 80]
        for kind in TAKEN:
            if kind.startswith("application/vnd.oasis") and told.startswith(kind.encode()):
                return kind
    if "[Content_Types].xml" in names:
        for folder, kind in _PARTS.items():
            if any(name.startswith(folder) for name in names):
                return kind
    return "application/zip"


def sorted_out(files: Sequence[Given], *, refuse: bool) -> tuple[list[Kept], list[tuple[str, int, str]]]:
    """The files that are taken, and (name, bytes, code) of those that are not.

    refuse: raise Invalid at the first that cannot be taken, as for somebody who can send another.
    """
    if refuse and len(files) > MOST_FILES:
        raise Invalid("files_many", mark("A message has at most %(most)s files."), "files", most=MOST_FILES)
    kept: list[Kept] = []
    left: list[tuple[str, int, str]] = []
    for place, file in enumerate(files):
        try:
            if place >= MOST_FILES:
                raise Invalid("files_many", "too many", "files")
            kept.append(checked(file, type_of(file.content)))
        except Invalid as error:
            if refuse:
                raise
            left.append((harmless_name(file.name), len(file.content), error.code))
    return kept, left


def hang(session: Session, message_id: int, files: Sequence[Given], *, refuse: bool) -> None:
    """Hang files on a message."""
    kept, left = sorted_out(files, refuse=refuse)
    for file in kept:
        digest = sha256(file.content).hexdigest()
        session.execute(
            insert(TicketFile).values(sha256=digest, content=file.content).on_conflict_do_nothing()
        )
        session.add(
            TicketAttachment(
                message_id=message_id, name=file.name, media_type=file.media_type,
                size_bytes=len(file.content), sha256=digest,
            )
        )  # fmt: skip
    for name, size, code in left:
        session.add(TicketAttachment(message_id=message_id, name=name, size_bytes=size, refused=code))
    session.flush()


def files_on(session: Session, message_id: int) -> list[Given]:
    """The files that hang on a message, as they may be given to another."""
    rows = session.execute(
        select(TicketAttachment.name, TicketFile.content)
        .join(TicketFile, TicketFile.sha256 == TicketAttachment.sha256)
        .where(TicketAttachment.message_id == message_id)
        .order_by(TicketAttachment.id)
    )
    return [Given(row.name, row.content) for row in rows]


def content_of(session: Session, attachment_id: int) -> tuple[str, str, bytes, int] | None:
    """(name, media type, bytes, message) of a file that was taken."""
    row = session.execute(
        select(
            TicketAttachment.name,
            TicketAttachment.media_type,
            TicketFile.content,
            TicketAttachment.message_id,
        )
        .join(TicketFile, TicketFile.sha256 == TicketAttachment.sha256)
        .where(TicketAttachment.id == attachment_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])
