"""The delivery worker: claims, sends, writes down. Any number may run, and any may be killed at any instant.

What the database gives alone is at-least-once: a worker killed between sending and marking is followed by
one that sends again, under the same message id, by which the other side knows the letter. No transaction is
open while a letter goes out.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from notifications.channels import Channel, ChannelDown, ChannelFailed, Letter, Undeliverable
from notifications.channels.mailbox import Mailbox
from notifications.channels.smtp import Server, Smtp
from notifications.delivery.staff import deliver_staff
from notifications.domain.retry import Retry
from notifications.outbox.claims import Claimed, Terms, claim, give_back, mark_failed, mark_sent
from notifications.writing import Sender, Written, write
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.settings import Settings, settings

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one round did: notices looked at, sent, failed; `down` says why nothing can be sent at all."""

    looked_at: int = 0
    sent: int = 0
    failed: int = 0
    down: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Everything a round needs. `idle_seconds` is how long it sleeps when nothing is due."""

    engine: Engine
    channel: Channel
    sender: Sender
    sender_address: str
    terms: Terms = field(default_factory=Terms)
    retry: Retry = field(default_factory=Retry)
    idle_seconds: float = _IDLE_SECONDS

    @staticmethod
    def of(engine: Engine, given: Settings) -> Worker:
        """The worker the settings describe."""
        channel: Channel = Smtp(Server.of(given)) if given.mail_to == "smtp" else Mailbox(engine)
        return Worker(engine, channel, Sender(given.utility_name, given.demo), given.mail_from)


def run_delivery(
    engine: Engine, stop: Event, worker: Worker | None = None, *, alive: Callable[[], None] = lambda: None
) -> None:
    """Deliver until `stop` is set; what is claimed and unsent then is given back. Outlives a lost database.

    `alive` is called once a round: every second or so, half a minute apart at most while nothing can be sent.
    """
    worker = worker or Worker.of(engine, settings())
    pause = worker.idle_seconds
    while not stop.is_set():
        alive()
        try:
            done = deliver_batch(worker, stop)
            staff = deliver_staff(worker.engine, worker.channel, worker.retry, stop)
            if staff.looked_at or staff.down:
                done = replace(done, looked_at=done.looked_at + staff.looked_at, down=done.down or staff.down)
        except (OperationalError, InterfaceError) as error:
            done = Batch(down=f"the database cannot be reached: {error.orig}")
        if done.down:
            _log.warning("delivery pauses for %.0f s: %s", pause, done.down)
            stop.wait(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
            continue
        pause = worker.idle_seconds
        if not done.looked_at:
            worker.channel.rest()
            stop.wait(worker.idle_seconds)
    worker.channel.rest()


def deliver_batch(worker: Worker, stop: Event) -> Batch:
    """Claim one batch and send it. Raises `OperationalError` when the database is gone; leases then run
    out."""
    with unit_of_work(worker.engine) as session:
        looked_at, held = claim(session, utc_now(), worker.terms, worker.sender_address)
    sent = failed = 0
    # A letter is begun only while most of the lease is left, lest another worker begins it, too.
    margin = worker.terms.lease / 2
    for index, one in enumerate(held):
        if stop.is_set() or utc_now() >= one.lease_until - margin:
            _give_back(worker, held[index:])
            break
        try:
            subject = _send(worker, one)
        except ChannelDown as error:
            _give_back(worker, held[index:])
            return Batch(looked_at, sent, failed, str(error))
        except (
            Exception
        ) as error:  # one bad notice must not keep the others waiting: it is kept with its error
            _log.warning(
                "notice %s was not sent: %s", one.id, error, exc_info=not isinstance(error, ChannelFailed)
            )
            _failed(worker, one, error)
            failed += 1
        else:
            with unit_of_work(worker.engine) as session:
                mark_sent(session, one, subject, utc_now())
            sent += 1
    return Batch(looked_at, sent, failed)


def letter(one: Claimed, sender: Sender) -> Letter:
    """The claimed notice in words."""
    written: Written = write(
        one.notice,
        one.context,
        name=one.name,
        language=one.language,
        timezone=one.timezone,
        sender=sender,
    )
    return Letter(one.message_id, one.address, written.subject, written.text, written.html)


def _send(worker: Worker, one: Claimed) -> str:
    written = letter(one, worker.sender)
    worker.channel.send(written)
    return written.subject


def _failed(worker: Worker, one: Claimed, error: Exception) -> None:
    now = utc_now()
    wait: timedelta | None = None
    if not isinstance(error, Undeliverable):
        wait = worker.retry.wait_after(one.attempts + 1, random.random())  # noqa: S311 - no secret
    with unit_of_work(worker.engine) as session:
        mark_failed(session, one, str(error) or repr(error), now + wait if wait else None, now)


def _give_back(worker: Worker, unsent: Sequence[Claimed]) -> None:
    with unit_of_work(worker.engine) as session:
        give_back(session, unsent)
