"""The delivery workers: claim, send, write down. Any number may run, and any may be killed at any instant.

What the database gives alone is at-least-once: a worker killed between sending and marking is followed by
one that sends again, under the same message id, by which the other side knows the letter. Where the other
side knows no ids (SMTP), a try is written down before it begins, so that a notice of a kind that must not
arrive twice is parked for a person instead. No transaction is open while a letter goes out.

A process has two workers a channel: one for everything, and one for emergencies alone, which therefore never
wait behind a campaign that is going out. Beside them a lane of its own tells of outages (`telling`).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from textwrap import shorten
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from notifications.channels import (
    Channel,
    ChannelDown,
    ChannelFailed,
    InDoubt,
    TryAgain,
    Undeliverable,
)
from notifications.channels.gateway import Gate, Gateway
from notifications.channels.in_app import InApp
from notifications.channels.mailbox import Mailbox
from notifications.channels.smtp import Server, Smtp
from notifications.delivery.attaching import with_files
from notifications.delivery.letter import letter
from notifications.delivery.staff import deliver_staff
from notifications.delivery.telling import Teller, run_telling
from notifications.domain.retry import Retry
from notifications.outbox.claims import URGENT_BELOW, Terms, claim, give_back
from notifications.outbox.going_on import Claimed
from notifications.outbox.planning import by_gateway, sendable
from notifications.outbox.settling import Outcome, Tried, begin, settle
from notifications.types import notice_type
from notifications.versions.in_force import InForce, words_in_force, words_of
from notifications.writing import Sender
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.settings import Settings, settings

_log = logging.getLogger(__name__)
_IDLE_SECONDS = 1.0
_URGENT_IDLE_SECONDS = 0.4
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLE_AGAIN_SECONDS = 0.2
_SETTLE_AT = 25
"""How many outcomes are written down together, where a repeat does no harm."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one round did: notices looked at, sent, failed; `down` says why nothing can be sent at all."""

    looked_at: int = 0
    sent: int = 0
    failed: int = 0
    down: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Everything a round needs. `name` is the channel whose notices it takes; `staff`: letters to staff, too.

    `idle_seconds` is how long it sleeps when nothing is due.
    """

    engine: Engine
    channel: Channel
    sender: Sender
    sender_address: str
    name: str = "email"
    staff: bool = False
    terms: Terms = field(default_factory=Terms)
    retry: Retry = field(default_factory=Retry)
    idle_seconds: float = _IDLE_SECONDS


def workers(engine: Engine, given: Settings, terms: Terms = Terms()) -> list[Worker]:
    """The workers of one process: for each channel that the settings open, one for all and one for
    emergencies."""
    sender, found = Sender(given.utility_name, given.demo), []
    opened = _Opened(engine, given)
    # letters are gathered by the clock (`notifications.letters`), not sent one by one
    for name in sorted(sendable(given) - ({"letter"} if given.letters_at else set())):
        channel = opened.channel(name)
        batch = max(terms.batch, 6 * channel.at_once) if channel.at_once > 1 else terms.batch
        for_all = Worker(
            engine, channel, sender, given.mail_from, name, name == "email", replace(terms, batch=batch)
        )
        own = Smtp(Server.of(given)) if isinstance(channel, Smtp) else channel  # connections are not shared
        urgent = replace(
            for_all,
            channel=own,
            staff=False,
            terms=replace(for_all.terms, below=URGENT_BELOW),
            idle_seconds=_URGENT_IDLE_SECONDS,
        )
        found += [for_all, urgent]
    return found


class _Opened:
    """The ways out that the settings open; one gateway serves all its channels."""

    def __init__(self, engine: Engine, given: Settings) -> None:
        self._engine, self._given = engine, given
        self._gateway = Gateway(Gate.of(given)) if given.gateway_url and given.mail_to == "smtp" else None

    def channel(self, name: str) -> Channel:
        given = self._given
        if given.mail_to == "mailbox":
            return Mailbox(self._engine)
        if name == "email":
            return Smtp(Server.of(given))
        if name == "messenger" and given.messenger_url:
            return Gateway(Gate.of_messenger(given))
        if self._gateway is not None and name in by_gateway(given):
            return self._gateway
        return InApp()


def run_delivery(
    engine: Engine,
    stop: Event,
    several: Sequence[Worker] | None = None,
    *,
    lanes: Sequence[Callable[[Engine, Event], None]] = (),
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Deliver until `stop` is set; what is claimed and unsent then is given back. Outlives a lost database.

    `lanes` is what other rooms send by themselves (`Module.lanes`). `alive` is called every second or so
    while every worker lives. Raises `RuntimeError` when one died of something that nobody foresaw: the
    process is then better started anew.
    """
    found = workers(engine, settings()) if several is None else several
    threads = [threading.Thread(target=_work, args=(one, stop), name=f"deliver {one.name}") for one in found]
    threads.append(threading.Thread(target=run_telling, args=(Teller(engine), stop), name="tell of outages"))
    threads += [threading.Thread(target=lane, args=(engine, stop), name=lane.__module__) for lane in lanes]
    for thread in threads:
        thread.start()
    while not stop.is_set() and all(thread.is_alive() for thread in threads):
        alive()
        stop.wait(min(1.0, *(one.idle_seconds for one in found)))
    failed = not stop.is_set()
    stop.set()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError("a delivery worker died")


def _work(worker: Worker, stop: Event) -> None:
    """Rounds of one worker until `stop` is set."""
    pause = worker.idle_seconds
    while not stop.is_set():
        try:
            done = deliver_batch(worker, stop)
            if worker.staff:
                done = _and_staff(worker, stop, done)
        except (OperationalError, InterfaceError) as error:
            done = Batch(down=f"the database cannot be reached: {error.orig}")
        if done.down:
            _log.warning("delivery by %s pauses for %.0f s: %s", worker.name, pause, done.down)
            stop.wait(pause)
            pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
            continue
        pause = worker.idle_seconds
        if not done.looked_at:
            worker.channel.rest()
            stop.wait(worker.idle_seconds)
    worker.channel.rest()


def _and_staff(worker: Worker, stop: Event, done: Batch) -> Batch:
    staff = deliver_staff(worker.engine, worker.channel, worker.retry, stop)
    return replace(done, looked_at=done.looked_at + staff.looked_at, down=done.down or staff.down)


def deliver_batch(worker: Worker, stop: Event) -> Batch:
    """Claim one batch and send it. Raises `OperationalError` when the database is gone; leases then run
    out."""
    with unit_of_work(worker.engine) as session:
        looked_at, held = claim(session, utc_now(), worker.terms, worker.sender_address, channel=worker.name)
        words = words_in_force(session) if held else {}
        simulated = worker.sender.simulated or (bool(held) and is_simulated(session))
    if not held:
        return Batch(looked_at)
    round_ = _Round(worker, stop, words, replace(worker.sender, simulated=simulated))
    waiting: list[Tried] = []
    sent = failed = 0
    for tried in round_.carried_out(held):
        sent += tried.outcome == "taken"
        failed += tried.outcome != "taken"
        waiting.append(tried)
        if not worker.channel.honours_keys or len(waiting) >= _SETTLE_AT:
            _settle(worker, waiting)
    _settle(worker, waiting)
    if round_.unsent:
        until = round_.unsent[0].lease_until
        _persist(worker, until, lambda session: give_back(session, round_.unsent, utc_now()))
    return Batch(looked_at, sent, failed, round_.down)


class _Round:
    """One batch on its way out. `unsent`: what was not begun, in the end; `down`: why."""

    def __init__(self, worker: Worker, stop: Event, words: InForce, sender: Sender) -> None:
        self.worker, self.stop, self.words, self.sender = worker, stop, words, sender
        self.unsent: list[Claimed] = []
        self.down: str | None = None

    def carried_out(self, held: Sequence[Claimed]) -> Iterator[Tried]:
        """Try each, in order, as many at once as the channel takes; what came of it, as it comes."""
        if self.worker.channel.at_once == 1:
            for one in held:
                if tried := self._try(one):
                    yield tried
            return
        with ThreadPoolExecutor(self.worker.channel.at_once, "sending") as pool:
            under_way: set[Future[Tried | None]] = {pool.submit(self._try, one) for one in held}
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (tried for tried in (future.result() for future in done) if tried)

    def _try(self, one: Claimed) -> Tried | None:
        # A letter is begun only while most of the lease is left, lest another worker begins it, too.
        begun_at = utc_now()
        if self.down or self.stop.is_set() or begun_at >= one.lease_until - self.worker.terms.lease / 2:
            self.unsent.append(one)
            return None
        attempt: int | None = None
        words = words_of(self.words, one.notice, one.language, one.channel)
        try:
            written = with_files(self.worker.engine, letter(one, self.sender, words))
            if not self.worker.channel.honours_keys:
                with unit_of_work(self.worker.engine) as session:
                    attempt = begin(session, one, begun_at)
            provider_id = self.worker.channel.send(written)
        except ChannelDown as error:
            self.down = str(error)
            self.unsent.append(one)
            return None
        except (OperationalError, InterfaceError) as error:
            self.down = f"the database cannot be reached: {error.orig}"
            self.unsent.append(one)
            return None
        except Exception as error:  # one bad notice must not keep the others: it is kept with its error
            expected = isinstance(error, ChannelFailed)
            _log.warning("notice %s was not sent: %s", one.id, error, exc_info=not expected)
            return self._failed(one, error, begun_at, attempt)
        return Tried(
            one,
            "taken",
            begun_at,
            written.subject or shorten(written.text, 120, placeholder="…"),
            attempt=attempt,
            provider_id=provider_id,
            version=words.version,
        )

    def _failed(self, one: Claimed, error: Exception, begun_at: datetime, attempt: int | None) -> Tried:
        words, again_at = str(error) or repr(error), None
        park = (
            isinstance(error, InDoubt)
            and not self.worker.channel.honours_keys
            and notice_type(one.notice).in_doubt == "park"
        )
        if isinstance(error, Undeliverable):
            return Tried(one, "refused", begun_at, detail=words, attempt=attempt)
        pause = self.worker.retry.wait_after(one.attempts + 1, random.random())  # noqa: S311 - no secret
        if pause is not None:
            asked = error.wait if isinstance(error, TryAgain) else None
            again_at = utc_now() + max(pause, asked or timedelta())
        outcome: Outcome = "unknown" if isinstance(error, InDoubt) else "later"
        return Tried(
            one,
            outcome,
            begun_at,
            detail=words,
            again_at=again_at,
            park=park,
            attempt=attempt,
        )


def _settle(worker: Worker, waiting: list[Tried]) -> None:
    """Write down what waits for it, and empty the list."""
    if waiting:
        _persist(worker, waiting[0].claimed.lease_until, lambda session: settle(session, waiting, utc_now()))
        waiting.clear()


def _persist(worker: Worker, until: datetime, act: Callable[[Session], None]) -> None:
    """Do this in one transaction; a database that is away is waited for while the lease holds: what is known
    should not be lost. Raises `OperationalError` after that."""
    while True:
        try:
            with unit_of_work(worker.engine) as session:
                act(session)
                return
        except (OperationalError, InterfaceError):
            if utc_now() >= until:
                raise
            time.sleep(_SETTLE_AGAIN_SECONDS)
