"""Files that go with an answer: put to the letter moments before it leaves, out of its ticket."""

from __future__ import annotations

import mimetypes
from dataclasses import replace

from sqlalchemy import Engine, select

from notifications.channels import File, Letter, Undeliverable
from utility_crm.kit.database import unit_of_work
from utility_crm.tickets.tables import TicketFile


def with_files(engine: Engine, letter: Letter) -> Letter:
    """The letter with the files its thread names, in their order. Raises `Undeliverable` where one of them is
    not here any more: half an answer is none."""
    if not letter.thread.files:
        return letter
    wanted = [digest for digest, _ in letter.thread.files]
    with unit_of_work(engine) as session:
        rows = session.execute(
            select(TicketFile.sha256, TicketFile.content).where(TicketFile.sha256.in_(wanted))
        )
        contents = {row.sha256: row.content for row in rows}
    if missing := [name for digest, name in letter.thread.files if digest not in contents]:
        raise Undeliverable(f"what was attached is not here any more: {', '.join(missing)}")
    return replace(letter, files=tuple(_file(name, contents[digest]) for digest, name in letter.thread.files))


def _file(name: str, content: bytes) -> File:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return File(name, kind, content)
