"""Which words a notice is written with. Of each part the newest approved text counts, else the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.types import notice_type
from notifications.writing import SHORT, spoken_of

_IN_FORCE = text("""
    select kind, language, channel, max(number) as version, jsonb_object_agg(part, text) as texts
    from (
        select distinct on (kind, language, channel, part) kind, language, channel, part, text, number
        from notice_versions
        where state = 'approved'
          and (cast(:kind as text) is null or (kind = :kind and language = :language and channel = :channel))
          and (cast(:until as integer) is null or number <= :until)
        order by kind, language, channel, part, number desc
    ) as newest
    group by kind, language, channel
""")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that stand instead of a kind's files, by part, and the version that they make."""

    version: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)


_LETTERS = text("""
    select kind, language, part, text, number from notice_versions
    where state = 'approved' and channel = 'email' order by number
""")
TextsUntil = Callable[[str, str, int | None], Mapping[str, str]]
"""(kind, language, version) -> the texts of a letter that stood instead of the files then; None: now."""

FILES = Texts()
InForce = Mapping[tuple[str, str, str], Texts]
"""By kind, language and channel ('email' or 'sms')."""


def words_in_force(session: Session) -> InForce:
    """All that was approved. One statement."""
    given = {"kind": None, "language": None, "channel": None, "until": None}
    return {
        (row.kind, row.language, row.channel): Texts(row.version, row.texts)
        for row in session.execute(_IN_FORCE, given)
    }


def words_until(session: Session, kind: str, language: str, channel: str, until: int | None = None) -> Texts:
    """What was in force at version `until` (none: now), as a notice in that language goes by that channel."""
    given = {
        "kind": kind,
        "language": spoken_of(notice_type(kind), language),
        "channel": "sms" if channel in SHORT else "email",
        "until": until,
    }
    row = session.execute(_IN_FORCE, given).one_or_none()
    return FILES if row is None else Texts(row.version, row.texts)


def words_of(found: InForce, kind: str, language: str, channel: str) -> Texts:
    """Of all, what a notice in that language goes with by that channel."""
    if not found:
        return FILES
    spoken = spoken_of(notice_type(kind), language)
    return found.get((kind, spoken, "sms" if channel in SHORT else "email"), FILES)


def texts_until(session: Session) -> TextsUntil:
    """As `words_until` for letters, of many notices at once. One statement."""
    approved = session.execute(_LETTERS).all()

    def found(kind: str, language: str, until: int | None) -> Mapping[str, str]:
        spoken = spoken_of(notice_type(kind), language)
        return {
            row.part: row.text
            for row in approved
            if (row.kind, row.language) == (kind, spoken) and (until is None or row.number <= until)
        }

    return found
