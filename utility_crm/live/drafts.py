"""What a person typed and has not sent: kept while they type, found again anywhere, gone once it is sent.

Two pages with the same field each know the version their text was made from. Who would overwrite a text they
have not seen is told of it instead. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid
from utility_crm.kit.said import said
from utility_crm.live.tables import Draft
from utility_crm.web.words import mark

LONGEST_KEY: Final = 120
LONGEST_TEXT: Final = 20_000
KEPT: Final = timedelta(days=90)
"""A draft nobody touched for so long is forgotten."""
SENT_KEPT: Final = timedelta(days=2)
"""How long it is known that one was sent."""
_KEEP = text("""
    insert into drafts (user_id, key, text, version, updated_at)
    values (:user, :key, :text, :version + 1, :now)
    on conflict (user_id, key) do update
    set text = excluded.text, version = drafts.version + 1, updated_at = excluded.updated_at
    where drafts.version = :version or (drafts.text = excluded.text and drafts.text <> '')
    returning version
""")
_SENT = text("""
    insert into drafts (user_id, key, text, version, updated_at)
    values (:user, :key, '', :version + 1, :now)
    on conflict (user_id, key) do update
    set text = '', version = greatest(drafts.version, excluded.version) + 1, updated_at = excluded.updated_at
    where drafts.version <= :version or drafts.text = any(cast(:texts as text[]))
""")
_FORGET = text("""
    delete from drafts where updated_at < :oldest or (text = '' and updated_at < :oldest_sent)
""")


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as it is kept. version 0: there is none. theirs: another page had kept this one; what was just
    told was not kept."""

    text: str
    version: int
    at: datetime | None
    theirs: bool = False


def drafts_of(session: Session, user_id: int, keys: Iterable[str]) -> Mapping[str, KeptDraft]:
    """A person's drafts under these keys; those that were sent, too, with an empty text."""
    rows = session.execute(
        select(Draft.key, Draft.text, Draft.version, Draft.updated_at).where(
            Draft.user_id == user_id, Draft.key.in_(list(keys))
        )
    )
    return {row.key: KeptDraft(row.text, row.version, row.updated_at) for row in rows}


def keep_draft(
    session: Session, user_id: int, key: str, written: str, *, version: int, now: datetime
) -> KeptDraft:
    """Keep a text made from `version` of the draft (0: from none). Where another page has kept another since,
    nothing is kept, and that one comes back. Raises Invalid where it is too long."""
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise Invalid("draft_key", "A draft has a key of 1 to 120 letters.", "key")
    if len(written) > LONGEST_TEXT:
        words = mark("A draft has at most %(most)s characters.")
        raise Invalid("draft_long", words, "text", most=LONGEST_TEXT)
    plain = _plain(written)
    given = {"user": user_id, "key": key, "text": plain, "version": version, "now": now}
    kept = session.scalar(_KEEP, given)
    if kept is not None:
        return KeptDraft(plain, kept, now)
    theirs = drafts_of(session, user_id, [key])[key]
    return KeptDraft(theirs.text, theirs.version, theirs.at, theirs=True)


def drafts_sent(
    session: Session, user_id: int, sent: Iterable[str], texts: Iterable[str], now: datetime
) -> None:
    """Forget the drafts of a form that is done.

    sent: "key@version" each, as the page knew them. One that another page has changed since stays, unless it
    is one of the `texts` that were sent.
    """
    plain = [_plain(one) for one in texts]
    for one in sorted(set(sent)):
        key, _, version = one.rpartition("@")
        if not key or len(key) > LONGEST_KEY or not (version.isascii() and version.isdecimal()):
            continue
        known = int(version[:18])
        session.execute(_SENT, {"user": user_id, "key": key, "version": known, "texts": plain, "now": now})


def forget_drafts(session: Session, now: datetime) -> str:
    """What the clock calls: drafts nobody came back to."""
    gone = session.execute(_FORGET, {"oldest": now - KEPT, "oldest_sent": now - SENT_KEPT})
    return said(mark("%(gone)s drafts forgotten"), gone=gone.rowcount)  # type: ignore[attr-defined]


def _plain(written: str) -> str:
    """As a field shows it: a form sends its line breaks as two signs."""
    return written.replace("\r\n", "\n").replace("\0", "")
