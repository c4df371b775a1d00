"""What the pages and the command line read of listeners and of what was sent to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

_LISTENERS = text("""
    select s.id, s.name, s.url, s.events, s.personal, s.state, s.off_because, s.failures, s.failing_since,
           s.rests_until, s.arrived_at, s.old_secret_until, coalesce(users.name, '') as made_by, s.created_at,
           counted.waiting, counted.dead, counted.arrived
    from webhook_subscriptions s left join users on users.id = s.created_by
    cross join lateral (
        select count(*) filter (where state = 'waiting') as waiting,
               count(*) filter (where state = 'dead') as dead,
               count(*) filter (where state = 'arrived') as arrived
        from webhook_deliveries where subscription_id = s.id
    ) as counted
    where cast(:id as bigint) is null or s.id = :id
    order by s.state = 'off', lower(s.name), s.id
""")
_DELIVERIES = text("""
    select d.id, e.name as event, e.kind, e.at, e.made_at, d.state, d.attempts, d.not_before, d.ended_at,
           s.id as listener_id, s.name as listener, e.data, e.personal is not null and s.personal as personal,
           coalesce(last.status, 0) as status, coalesce(last.detail, '') as detail, last.at as tried_at,
           coalesce(last.millis, 0) as millis
    from webhook_deliveries d
    join webhook_events e on e.id = d.event_id
    join webhook_subscriptions s on s.id = d.subscription_id
    left join lateral (
        select status, detail, at, millis from webhook_attempts where delivery_id = d.id
        order by id desc limit 1
    ) as last on true
    where (cast(:listener as bigint) is null or d.subscription_id = :listener)
      and (cast(:state as text) = '' or d.state = :state)
      and (cast(:event as text) = '' or e.name = :event) and (cast(:one as bigint) is null or d.id = :one)
    order by d.id desc limit :limit
""")
_ATTEMPTS = text("""
    select at, status, millis, detail from webhook_attempts where delivery_id = :id order by id desc
""")


@dataclass(frozen=True, slots=True)
class Listener:
    """Another system that listens, how it stands, and how many deliveries are kept of it."""

    id: int
    name: str
    url: str
    events: tuple[str, ...]
    personal: bool
    state: str
    off_because: str
    failures: int
    failing_since: datetime | None
    rests_until: datetime | None
    arrived_at: datetime | None
    old_secret_until: datetime | None
    made_by: str
    created_at: datetime
    waiting: int
    dead: int
    arrived: int

    @property
    def tone(self) -> str:
        """How it stands, as a mark."""
        if self.state == "off":
            return "bad" if self.off_because != "person" else ""
        if self.state == "paused":
            return "wait"
        return "warn" if self.failures else "ok"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a listener, and its last try. data: without what is personal."""

    id: int
    event: str
    kind: str
    at: datetime
    made_at: datetime
    state: str
    attempts: int
    not_before: datetime | None
    ended_at: datetime | None
    listener_id: int
    listener: str
    data: dict[str, Any]
    personal: bool
    status: int
    detail: str
    tried_at: datetime | None
    millis: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try; status 0: nothing was answered."""

    at: datetime
    status: int
    millis: int
    detail: str


def listeners(session: Session) -> list[Listener]:
    """All of them; who is switched off comes last."""
    return [_listener(row) for row in session.execute(_LISTENERS, {"id": None})]


def listener(session: Session, subscription_id: int) -> Listener:
    """One. Raises NotFound."""
    row = session.execute(_LISTENERS, {"id": subscription_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_webhook", mark("There is no such webhook."))
    return _listener(row)


def listener_called(session: Session, name: str) -> int:
    """The id of the one of this name. Raises NotFound."""
    found = session.scalar(
        text("select id from webhook_subscriptions where name = :name"), {"name": name.strip()}
    )
    if found is None:
        raise NotFound("no_such_webhook", mark("There is no such webhook."), name)
    return int(found)


def deliveries(
    session: Session,
    *,
    listener_id: int | None = None,
    state: str = "",
    event: str = "",
    one: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """What was sent and what waits, the newest first. one: the delivery of this id alone."""
    given = {"one": one, "listener": listener_id, "state": state, "event": event, "limit": limit}
    return [Delivery(**row) for row in session.execute(_DELIVERIES, given).mappings()]


def attempts(session: Session, delivery_id: int) -> list[Attempt]:
    """Every try of a delivery, the newest first."""
    return [Attempt(*row) for row in session.execute(_ATTEMPTS, {"id": delivery_id})]


def _listener(row: Any) -> Listener:
    told = dict(row._mapping)
    return Listener(**told | {"events": tuple(told["events"])})
