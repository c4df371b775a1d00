"""What is done with listeners: make, change, turn their secret, pause, send again. Nothing here commits."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.announcing.tables import WebhookDelivery, WebhookEvent, WebhookSubscription
from utility_crm.auth.audit import note_change
from utility_crm.auth.sealing import Sealer
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.web.words import mark
from utility_crm.webhooks.domain.addresses import read_url
from utility_crm.webhooks.domain.signing import BYTES, written
from utility_crm.webhooks.kinds import TEST, kinds

BOTH: Final = timedelta(hours=24)
"""How long the old secret signs beside the new one, unless told otherwise."""
MOST: Final = 100
LONGEST_NAME: Final = 80
State = Literal["on", "paused", "off"]
WEBHOOK = mark("webhook")
_AGAIN = text("""
    update webhook_deliveries
    set state = 'waiting', attempts = 0, first_at = null, not_before = null, lease_until = null,
        ended_at = null
    where id = any(:ids) and (state <> 'waiting' or lease_until is null or lease_until <= :now)
    returning subscription_id
""")
_DEAD = text("""
    select id from webhook_deliveries where subscription_id = :id and state = 'dead' order by id
""")
_AWAKE = text("update webhook_subscriptions set rests_until = null where id = any(:ids)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A listener as somebody wants it. personal: it is told names, addresses and words, too."""

    name: str
    url: str
    events: tuple[str, ...]
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A new listener, or one with a new secret; `secret` is shown now and never again."""

    id: int
    name: str
    secret: str


def add_listener(
    session: Session, wanted: Wanted, sealer: Sealer, now: datetime, *, by: int | None, local: bool = False
) -> Made:
    """A listener from now on. local: addresses of private networks are allowed.

    Raises Invalid (name, address, no event), Conflict where the name is taken.
    """
    values = _checked(wanted, local)
    secret = written(secrets.token_bytes(BYTES))
    made = session.scalar(
        insert(WebhookSubscription)
        .values(**values, secret=sealer.seal(secret), created_by=by, created_at=now, changed_at=now)
        .on_conflict_do_nothing()
        .returning(WebhookSubscription.id)
    )
    if made is None:
        raise Conflict("webhook_taken", mark("There is one of this name."), "name")
    note_change(session, None, WEBHOOK, None, values)
    return Made(made, wanted.name.strip(), secret)


def change_listener(
    session: Session, subscription_id: int, wanted: Wanted, now: datetime, *, local: bool = False
) -> bool:
    """The listener as it is wanted; False: it is so already. What waits goes to the new address. Raises as
    `add_listener`, and NotFound."""
    values = _checked(wanted, local)
    row = _held(session, subscription_id)
    before = {name: getattr(row, name) for name in values}
    if before == values:
        return False
    taken = select(WebhookSubscription.id).where(
        WebhookSubscription.name == values["name"], WebhookSubscription.id != subscription_id
    )
    if session.scalar(taken) is not None:
        raise Conflict("webhook_taken", mark("There is one of this name."), "name")
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = now
    note_change(session, None, WEBHOOK, before | {"name": row.name}, values)
    session.flush()
    return True


def set_state(session: Session, subscription_id: int, state: State, now: datetime) -> bool:
    """Switch it on, let its events wait (paused), or keep none for it (off); False: it is so already. Raises
    NotFound."""
    row = _held(session, subscription_id)
    if row.state == state:
        return False
    note_change(
        session, None, WEBHOOK,
        {"name": row.name, "state": row.state}, {"name": row.name, "state": state},
    )  # fmt: skip
    row.state, row.changed_at = state, now
    row.off_because = "person" if state == "off" else ""
    if state == "on":
        row.failures, row.failing_since, row.rests_until = 0, None, None
    session.flush()
    return True


def turn_secret(
    session: Session,
    subscription_id: int,
    sealer: Sealer,
    now: datetime,
    *,
    both: timedelta = BOTH,
) -> Made:
    """A new secret; the old one signs as well, for as long as `both`. One that was old already counts no
    more. Raises NotFound."""
    row = _held(session, subscription_id)
    secret = written(secrets.token_bytes(BYTES))
    keeps = both > timedelta()
    row.old_secret = row.secret if keeps else None
    row.old_secret_until = now + both if keeps else None
    row.secret, row.changed_at = sealer.seal(secret), now
    told = {"name": row.name, "secret": mark("another")}
    note_change(session, None, WEBHOOK, {"name": row.name, "secret": ""}, told)
    session.flush()
    return Made(row.id, row.name, secret)


def remove_listener(session: Session, subscription_id: int) -> None:
    """It is forgotten, with all that was sent to it. Raises NotFound."""
    row = _held(session, subscription_id)
    note_change(session, None, WEBHOOK, {"name": row.name, "url": row.url}, None)
    session.delete(row)
    session.flush()


def send_test(session: Session, subscription_id: int, now: datetime) -> str:
    """A test event for this listener alone, whatever it listens to; its id. Raises NotFound, Conflict where
    it is not on."""
    row = _held(session, subscription_id)
    if row.state != "on":
        raise Conflict("webhook_not_on", mark("Switch it on first: nothing is sent to it now."))
    event = WebhookEvent(
        name=f"evt_{secrets.token_hex(16)}", kind=TEST, at=now, customer_id=None,
        data={"webhook": row.name}, personal=None,
    )  # fmt: skip
    session.add(event)
    session.flush()
    session.execute(insert(WebhookDelivery).values(subscription_id=subscription_id, event_id=event.id))
    row.rests_until = None
    session.flush()
    return event.name


def send_again(session: Session, delivery_ids: Sequence[int], now: datetime) -> int:
    """Send these once more, under the ids they had; how many. What is under way now is left alone."""
    again = session.scalars(_AGAIN, {"ids": list(delivery_ids), "now": now}).all()
    session.execute(_AWAKE, {"ids": sorted(set(again))})
    return len(again)


def send_dead_again(session: Session, subscription_id: int, now: datetime) -> int:
    """Send all that did not arrive there once more; how many. Raises NotFound."""
    _held(session, subscription_id)
    return send_again(session, session.scalars(_DEAD, {"id": subscription_id}).all(), now)


def forget_old(session: Session, before: datetime) -> int:
    """Events from before an instant are forgotten with their deliveries, but for what is still being tried:
    what waits for a listener that is paused or off goes by age as everything does. How many events."""
    waits = (
        select(WebhookDelivery.id)
        .join(WebhookSubscription, WebhookSubscription.id == WebhookDelivery.subscription_id)
        .where(
            WebhookDelivery.event_id == WebhookEvent.id,
            WebhookDelivery.state == "waiting",
            WebhookSubscription.state == "on",
        )
    )
    gone = session.execute(
        delete(WebhookEvent).where(WebhookEvent.made_at < before, ~waits.exists()).returning(WebhookEvent.id)
    ).all()
    return len(gone)


def forget_old_secrets(session: Session, now: datetime) -> None:
    """Secrets that were turned, and count no longer."""
    session.execute(
        update(WebhookSubscription)
        .where(WebhookSubscription.old_secret_until <= now)
        .values(old_secret=None, old_secret_until=None)
    )


def _checked(wanted: Wanted, local: bool) -> dict[str, object]:
    name = " ".join(wanted.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid("needed", mark("Say in a word or two who listens."), "name")
    read_url(wanted.url, local=local)
    events = tuple(dict.fromkeys(wanted.events))
    unknown = [one for one in events if one not in kinds()]
    if unknown or not events:
        raise Invalid("webhook_events", mark("Choose what it hears of."), "events")
    return {"name": name, "url": wanted.url.strip(), "events": sorted(events), "personal": wanted.personal}


def _held(session: Session, subscription_id: int) -> WebhookSubscription:
    row = session.scalar(
        select(WebhookSubscription)
        .where(WebhookSubscription.id == subscription_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("no_such_webhook", mark("There is no such webhook."))
    return row
