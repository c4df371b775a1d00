"""Writing other words for a notice, and letting somebody else approve them. Nothing here commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from notifications.domain.lacking import lacking
from notifications.sender import this_sender
from notifications.tables import NoticeVersion
from notifications.types import NoticeType, notice_type
from notifications.versions.in_force import words_until
from notifications.writing import PARTS, write
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

LONGEST = 20_000
REAL_CASES = 20
"""How many of the newest notices of a kind a draft is tried on, beside the stated example."""
SOMEBODY = "Ann O'Neill"
"""Stands for the customer where a draft is tried; the apostrophe must be escaped like any other."""

_CASES = text("""
    select context from outbox where notice = :kind order by id desc limit :limit
""")


def draft_words(
    session: Session, kind: str, language: str, part: str, words: str, *, by: int, now: datetime
) -> int:
    """Keep other words for one part as a draft; its id. It has to render for the stated example and for the
    newest real cases.

    Raises NotFound (no such kind, language or part), Invalid (nothing, too much, what is said now already, or
    it does not render: the reason and the line are named).
    """
    found, channel = _place(kind, language, part)
    clean = words.replace("\r\n", "\n").strip() + "\n"
    if not clean.strip() or len(clean) > LONGEST:
        raise Invalid("words", mark("Say something, in at most %(most)s letters."), "text", most=LONGEST)
    if clean == said_now(session, found, language, part):
        raise Invalid("words", mark("These words are in force already."), "text")
    _try_out(session, found, language, channel, {part: clean})
    made = NoticeVersion(
        kind=kind, language=language, channel=channel, part=part, text=clean, written_by=by, written_at=now
    )
    session.add(made)
    session.flush()
    return made.id


def approve(session: Session, version_id: int, *, by: int, now: datetime) -> int:
    """Put a draft in force; its number. Raises NotFound, Conflict (decided already), Refused (who wrote it
    does not approve it), Invalid (it does not render any more)."""
    draft = _draft(session, version_id)
    if draft.written_by == by:
        raise Refused("four_eyes", mark("Who wrote it does not approve it: another person does."), "draft")
    session.execute(text("select pg_advisory_xact_lock(7302023)"))
    _try_out(session, notice_type(draft.kind), draft.language, draft.channel, {draft.part: draft.text})
    newest = session.scalar(
        select(func.max(NoticeVersion.number)).where(
            NoticeVersion.kind == draft.kind,
            NoticeVersion.language == draft.language,
            NoticeVersion.channel == draft.channel,
        )
    )
    draft.state, draft.number = "approved", (newest or 0) + 1
    draft.decided_by, draft.decided_at = by, now
    session.flush()
    return draft.number


def drop(session: Session, version_id: int, *, by: int, now: datetime) -> None:
    """Lay a draft aside; its author may, and anybody else. Raises NotFound, Conflict."""
    draft = _draft(session, version_id)
    draft.state, draft.decided_by, draft.decided_at = "dropped", by, now
    session.flush()


def said_now(session: Session, kind: NoticeType, language: str, part: str) -> str:
    """The template of a part that is in force."""
    channel = "sms" if part in PARTS["sms"] else "email"
    own = words_until(session, kind.name, language, channel).texts.get(part)
    return own if own is not None else (kind.templates / language / part).read_text("utf-8")


def _draft(session: Session, version_id: int) -> NoticeVersion:
    found = session.get(NoticeVersion, version_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("no_such_version", "there is no such draft", str(version_id))
    if found.state != "draft":
        raise Conflict("decided", mark("Somebody decided about this draft already."), str(version_id))
    return found


def _place(kind: str, language: str, part: str) -> tuple[NoticeType, str]:
    found = notice_type(kind)
    channel = next((name for name, parts in PARTS.items() if part in parts), None)
    there = language in found.languages and (found.templates / language / part).is_file()
    if channel is None or not there:
        raise NotFound("no_such_part", f"{kind} has no {language}/{part}", part)
    return found, channel


def _try_out(
    session: Session, kind: NoticeType, language: str, channel: str, changed: Mapping[str, str]
) -> None:
    """Write the whole notice with these words, with all that is known to have happened."""
    cases: list[Mapping[str, Any]] = [kind.example] if kind.example else []
    real = session.scalars(_CASES, {"kind": kind.name, "limit": REAL_CASES})
    cases += [case for case in real if not lacking(case, kind.needs, kind.may_be_empty)]
    texts = dict(words_until(session, kind.name, language, channel).texts) | dict(changed)
    sender = this_sender(session)
    for case in cases:
        write(
            kind.name,
            case,
            name=SOMEBODY,
            language=language,
            timezone=settings().timezone,
            sender=sender,
            channel=channel,
            texts=texts,
        )
