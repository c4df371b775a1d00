"""Letters to staff: plain words to the addresses in the settings, once for their key.

`tell_staff` only writes rows, in the caller's transaction; the delivery worker sends them (`deliver_staff`).
What the database gives is at-least-once; the Message-ID, made of the key, tells a receiver what it has.
"""

from __future__ import annotations

import html
import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifications.channels import Channel, ChannelDown, ChannelFailed, Letter, Undeliverable
from notifications.domain.message_id import message_id
from notifications.domain.retry import Retry
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.settings import settings

_log = logging.getLogger(__name__)
_BATCH = 10
_LEASE = timedelta(seconds=60)

_ASK = text("""
    insert into staff_mail (key, address, subject, text, message_id, not_before, created_at)
    values (:key, :address, :subject, :text, :message_id, :now, :now)
    on conflict (key, address) do nothing returning id
""")

_TAKE = text("""
    update staff_mail set lease_until = :until
    where id in (
        select id from staff_mail
        where state = 'waiting' and not_before <= :now and (lease_until is null or lease_until <= :now)
        order by id limit :batch for update skip locked
    )
    returning id, address, subject, text, message_id, attempts
""")

_SENT = text("""
    update staff_mail set state = 'sent', sent_at = :now, lease_until = null, last_error = null,
                          attempts = attempts + 1
    where id = :id and state <> 'sent'
""")

_NOT_SENT = text("""
    update staff_mail set state = :state, not_before = :not_before, lease_until = null, last_error = :error,
                          attempts = attempts + 1
    where id = :id and state = 'waiting' and lease_until = :until
""")

_GIVE_BACK = text("""
    update staff_mail set lease_until = null
    where id = any(:ids) and state = 'waiting' and lease_until = :until
""")


@dataclass(frozen=True, slots=True)
class StaffBatch:
    """What one round did; `down` says why nothing can be sent at all."""

    looked_at: int = 0
    sent: int = 0
    failed: int = 0
    down: str | None = None


def staff_addresses() -> list[str]:
    """Where staff is written to; empty: nowhere."""
    return [address.strip() for address in settings().mail_ops.split(",") if address.strip()]


def tell_staff(session: Session, key: str, subject: str, body: str, now: datetime) -> int:
    """Queue a letter to each address, once for its key; how many are new. `subject` is one line."""
    new = 0
    for address in staff_addresses():
        values = {"key": key, "address": address, "subject": " ".join(subject.split()), "text": body}
        named = message_id(f"{key} {address}", settings().mail_from)
        asked = session.execute(_ASK, {**values, "message_id": named, "now": now})
        new += asked.first() is not None
    return new


def deliver_staff(engine: Engine, channel: Channel, retry: Retry, stop: Event) -> StaffBatch:
    """Take what is due and send it. Raises `OperationalError` when the database is gone; leases run out
    then."""
    started = utc_now()
    until = started + _LEASE
    with unit_of_work(engine) as session:
        taken = session.execute(_TAKE, {"now": started, "until": until, "batch": _BATCH}).all()
        simulated = bool(taken) and is_simulated(session)
    sent = failed = 0
    for place, one in enumerate(taken):
        if stop.is_set() or utc_now() >= until - _LEASE / 2:
            _give_back(engine, [row.id for row in taken[place:]], until)
            break
        try:
            channel.send(_letter(one.message_id, one.address, one.subject, one.text, simulated))
        except ChannelDown as error:
            _give_back(engine, [row.id for row in taken[place:]], until)
            return StaffBatch(len(taken), sent, failed, str(error))
        except ChannelFailed as error:
            _log.warning("letter %s to staff was not sent: %s", one.id, error)
            _failed(engine, one.id, one.attempts, until, retry, error)
            failed += 1
        else:
            with unit_of_work(engine) as session:
                session.execute(_SENT, {"id": one.id, "now": utc_now()})
            sent += 1
    return StaffBatch(len(taken), sent, failed)


def _letter(named: str, address: str, subject: str, words: str, simulated: bool) -> Letter:
    utility = settings().utility_name
    told = f"{words}\n\n{utility}" + ("\nThis utility is simulated." if simulated else "")
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in told.split("\n") if part)
    return Letter(
        named, address, subject, told + "\n", f"<!doctype html><html><body>{paragraphs}</body></html>\n"
    )


def _failed(
    engine: Engine, row: int, attempts: int, until: datetime, retry: Retry, error: ChannelFailed
) -> None:
    wait: timedelta | None = None
    if not isinstance(error, Undeliverable):
        wait = retry.wait_after(attempts + 1, random.random())  # noqa: S311 - no secret
    now = utc_now()
    values = {"state": "dead" if wait is None else "waiting", "not_before": now + (wait or timedelta())}
    with unit_of_work(engine) as session:
        session.execute(_NOT_SENT, {"id": row, "until": until, "error": str(error)[:500], **values})


def _give_back(engine: Engine, unsent: list[int], until: datetime) -> None:
    with unit_of_work(engine) as session:
        session.execute(_GIVE_BACK, {"ids": unsent, "until": until})
