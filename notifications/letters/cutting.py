"""Cutting a batch: the letters that wait are chosen, asked about once more, and kept in their words.

All of it is one transaction of the caller. A notice that lies in a batch waits no more, and no second one can
hold it (`ix_letters_once`); killed before the commit, nothing has happened. The file is made afterwards
(`making`), from what is kept here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.channels import ChannelFailed, Letter
from notifications.delivery.letter import letter
from notifications.letters.hours import cut_due
from notifications.outbox.claims import Terms, claim
from notifications.outbox.going_on import Claimed
from notifications.outbox.settling import Tried, settle
from notifications.versions.in_force import words_in_force, words_of
from notifications.writing import Sender
from utility_crm.kit.installation import SIMULATED, noted
from utility_crm.kit.settings import settings

_log = logging.getLogger(__name__)
MOST = 1000
"""Letters in one file; more make several parts."""
_TERMS = Terms(batch=MOST, lease=timedelta(hours=1), most_claims=32_000)
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('letters are cut', 1))")
_DONE = text("select exists (select from letter_batches where cut_for = :day and state = 'empty')")
_BATCH = text("""
    insert into letter_batches (cut_at, cut_for, part, cut_by, state, letters)
    values (:now, :cut_for,
            (select coalesce(max(part), 0) + 1 from letter_batches where cut_for = :cut_for), :by,
            case when :letters = 0 then 'empty' else 'cut' end, :letters)
    returning id
""")
_LETTERS = text("""
    insert into letters
        (batch_id, position, notice_id, message_id, notice, name, address, language, subject, text)
    select :batch, position, notice_id, message_id, notice, name, address, language, subject, text
    from jsonb_to_recordset(cast(:rows as jsonb)) as new (
        position int, notice_id bigint, message_id text, notice text, name text, address text, language text,
        subject text, text text
    )
""")
_GATHERED = text("""
    update outbox set state = 'gathered', reason = null, lease_until = null, last_error = null,
                      subject = done.subject, version = done.version, attempts = attempts + 1
    from jsonb_to_recordset(cast(:rows as jsonb)) as done (notice_id bigint, subject text, version integer)
    where outbox.id = done.notice_id
""")


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut: the batch, and how many letters lie in it; None and 0 where nothing waited."""

    batch: int | None = None
    letters: int = 0


def cut_if_due(session: Session, now: datetime) -> Cut | None:
    """Cut the day's letters when its hour has come, one part at a time; None: it has not, or all are cut."""
    day = cut_due(now, settings())
    if day is None or session.scalar(_DONE, {"day": day}):
        return None
    session.execute(_ONE_AT_A_TIME)
    if session.scalar(_DONE, {"day": day}):
        return None
    return _cut(session, now, cut_for=day, by=None)


def cut_now(session: Session, now: datetime, by: int) -> Cut:
    """Cut what waits at this moment, `MOST` at most, for a person."""
    session.execute(_ONE_AT_A_TIME)
    return _cut(session, now, cut_for=None, by=by)


def _cut(session: Session, now: datetime, *, cut_for: date | None, by: int | None) -> Cut:
    looked_at, held = claim(session, now, _TERMS, settings().mail_from, channel="letter")
    sender = Sender(settings().utility_name, settings().demo or noted(session, SIMULATED) is not None)
    rows = _written(session, held, sender, now)
    given = {"now": now, "cut_for": cut_for, "by": by}
    batch: int | None = None
    if rows:
        batch = int(session.execute(_BATCH, given | {"letters": len(rows)}).scalar_one())
        session.execute(_LETTERS, {"batch": batch, "rows": json.dumps(rows)})
        session.execute(_GATHERED, {"rows": json.dumps(rows)})
    if cut_for and looked_at < MOST:
        # The day is done, had it letters or none: what comes later waits for the next.
        session.execute(_BATCH, given | {"letters": 0})
    return Cut(batch, len(rows))


def _written(
    session: Session, held: Sequence[Claimed], sender: Sender, now: datetime
) -> list[dict[str, object]]:
    """Each of them in words; what cannot be written is kept with its error, or goes another way."""
    in_force = words_in_force(session) if held else {}
    rows: list[dict[str, object]] = []
    failed: list[Tried] = []
    for one in held:
        words = words_of(in_force, one.notice, one.language, one.channel)
        try:
            made = letter(one, sender, words)
        except Exception as error:  # one bad notice must not keep the others: it is kept with its error
            _log.warning("notice %s was not written: %s", one.id, error)
            why = str(error) or repr(error)
            if not isinstance(error, ChannelFailed):
                why = f"it could not be written: {why}"
            failed.append(Tried(one, "refused", now, detail=why))
        else:
            rows.append(_row(one, made, len(rows) + 1, words.version))
    settle(session, failed, now)
    return rows


def _row(one: Claimed, made: Letter, position: int, version: int) -> dict[str, object]:
    return {
        "position": position,
        "notice_id": one.id,
        "message_id": one.message_id,
        "notice": one.notice,
        "name": one.name,
        "address": one.address,
        "language": one.language,
        "subject": made.subject,
        "text": made.text.strip(),
        "version": version,
    }
