"""The lane of the delivery process that tells other systems. Any number may run, and any may be killed at any
instant: what was under way goes out again after its lease, under the same id.

No transaction is open while something goes out. A listener that is slow, or down, keeps nobody else waiting:
few are under way to one at once, and one that fails is asked with a single one, after a rest that grows.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from utility_crm.auth.sealing import Sealer
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import CareError
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.settings import settings
from utility_crm.tasks.actions import add_task
from utility_crm.webhooks.claims import EACH, Held, SwitchedOff, claim, settle
from utility_crm.webhooks.domain.addresses import Address, read_url
from utility_crm.webhooks.domain.signing import headers
from utility_crm.webhooks.posting import Answered, NotReached, post

_log = logging.getLogger(__name__)
_DOWN_SECONDS = 2.0
_SETTLE_AGAIN_SECONDS = 0.2
FEW: Final = 3
"""So many are claimed to be sent one after the other: all of them within one lease, each in its time."""
Post = Callable[..., Answered]
Outcome = Answered | NotReached


@dataclass(frozen=True, slots=True)
class Sender:
    """How the lane works: at most `at_once` under way; asks for more every `idle_seconds`. local: listeners
    on this machine and in private networks are allowed."""

    engine: Engine
    sealer: Sealer
    local: bool = False
    at_once: int = 16
    idle_seconds: float = 1.0
    post: Post = field(default=post)


def run_lane(engine: Engine, stop: Event) -> None:
    """What the delivery process runs."""
    run_sending(Sender(engine, Sealer(signing_keys()), settings().webhooks_local), stop)


def run_sending(sender: Sender, stop: Event) -> None:
    """Send until `stop` is set; what is under way then is waited for. Outlives a lost database."""
    under_way: dict[Future[None], Held] = {}
    with ThreadPoolExecutor(sender.at_once, "telling") as pool:
        while not stop.is_set():
            try:
                for one in _taken(sender, under_way):
                    under_way[pool.submit(send_one, sender, one)] = one
                pause = sender.idle_seconds
            except (OperationalError, InterfaceError) as error:
                _log.warning("webhooks pause: %s", error.orig)
                pause = _DOWN_SECONDS
            _end_of_some(under_way, stop, pause)


def send_due(sender: Sender) -> int:
    """Send what is due now, one after the other, `at_once` at most; how many were tried."""
    tried = 0
    while tried < sender.at_once:
        with unit_of_work(sender.engine) as session:
            held = claim(session, utc_now(), min(FEW, sender.at_once - tried))
        for one in held:
            send_one(sender, one)
        tried += len(held)
        if not held:
            break
    return tried


def send_one(sender: Sender, one: Held) -> None:
    """Try one delivery, and write down what came of it."""
    begun = utc_now()
    if begun >= one.lease_until:  # another may have begun it by now
        return
    clock = time.monotonic()
    outcome = _tried(sender, one, begun)
    millis = round(1000 * (time.monotonic() - clock))
    chance = random.random()  # noqa: S311 - no secret
    _persist(one, lambda session: _settled(session, one, outcome, millis, chance), sender.engine)


def document(one: Held, simulated: bool) -> dict[str, Any]:
    """What is sent, as docs/webhooks.md shows it."""
    told: dict[str, Any] = {"type": one.kind, "timestamp": one.at.isoformat(), "data": one.data}
    if one.personal:
        told["personal"] = one.personal
    return told | ({"simulated": True} if simulated else {})


def body_of(told: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and sent."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _taken(sender: Sender, under_way: Mapping[Future[None], Held]) -> list[Held]:
    free = sender.at_once - len(under_way)
    if free <= 0:
        return []
    there = Counter(one.subscription_id for one in under_way.values())
    with unit_of_work(sender.engine) as session:
        return claim(session, utc_now(), free, [one for one, count in there.items() if count >= EACH])


def _end_of_some(under_way: dict[Future[None], Held], stop: Event, pause: float) -> None:
    """Wait until one is done, or there may be more to do."""
    if not under_way:
        stop.wait(pause)
        return
    done, _ = wait(under_way, timeout=pause, return_when=FIRST_COMPLETED)
    for future in done:
        held = under_way.pop(future)
        if (error := future.exception()) is not None:  # its lease runs out, and it is tried again
            _log.error("webhook %s could not be settled", held.name, exc_info=error)


def _tried(sender: Sender, one: Held, now: datetime) -> Outcome:
    try:
        address: Address = read_url(one.url, local=sender.local)
        secrets = [sender.sealer.open(secret) for secret in one.secrets]
        with unit_of_work(sender.engine) as session:
            body = body_of(document(one, is_simulated(session)))
        signed = headers(secrets, one.name, now, body)
        return sender.post(address, body, _ABOUT | signed, local=sender.local)
    except NotReached as error:
        return error
    except CareError as error:
        return NotReached(error.message, closed=True)


_ABOUT = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "utility-crm-webhooks"}


def _settled(session: Session, one: Held, outcome: Outcome, millis: int, chance: float) -> None:
    off = settle(session, one, outcome, now=utc_now(), millis=millis, chance=chance)
    if off is not None:
        tell_of_end(session, off, utc_now())


def tell_of_end(session: Session, off: SwitchedOff, now: datetime) -> None:
    """A task for who made it, or for nobody in particular."""
    why = {
        "gone": "It answered 410: nobody wants to hear any more.",
        "failing": "Nothing arrived there for days.",
    }[off.because]
    add_task(
        session,
        title=f"Webhook “{off.name}” was switched off",
        due_at=now.date(),
        now=now,
        by=None,
        assignee_id=off.created_by,
        note=f"{why} See /webhooks/{off.id}.",
        priority="high",
        key=f"webhook-off-{off.id}-{now:%Y%m%d%H%M%S}",
    )
    _log.warning("webhook %s was switched off: %s", off.id, off.because)


def _persist(one: Held, act: Callable[[Session], None], engine: Engine) -> None:
    """Do this in one transaction; a database that is away is waited for while the lease holds. Raises
    `OperationalError` after that."""
    while True:
        try:
            with unit_of_work(engine) as session:
                act(session)
                return
        except (OperationalError, InterfaceError):
            if utc_now() >= one.lease_until:
                raise
            time.sleep(_SETTLE_AGAIN_SECONDS)
