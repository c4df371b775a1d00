"""Connections of a clock's own, whose advisory locks end with them, and with whoever holds them.

A lock of a session is as good as the server's knowledge that its client is alive. Of a killed process the
kernel tells it, which it looks at while a statement runs, too (`client_connection_check_interval`); a machine
that vanished is noticed by probes of the network; and a leader that stands still without dying, stopped or
stuck, says nothing for `LEASE_SECONDS`, after which the server ends its session (`idle_session_timeout`).
That is a lease by one clock, the server's: two leaders cannot disagree about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, text

LEASE_SECONDS: Final = 6
_ATTENTIVE: Final = {
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
_SET = text("""
    select set_config(key, value, false)
    from unnest(cast(:keys as text[]), cast(:values as text[])) as given (key, value)
""")
_LOCK = text("select pg_try_advisory_lock(:key)")
_UNLOCK = text("select pg_advisory_unlock(:key)")
_KEY = text("select hashtextextended('job ' || cast(:name as text), 1)")


@contextmanager
def own_connection(engine: Engine, *, lease_seconds: int | None = None) -> Iterator[Connection]:
    """A connection that is closed, not pooled, in the end. With a lease, the server ends it when nothing was
    said on it, outside a transaction, for so long."""
    with engine.connect() as connection:
        connection.detach()
        wanted = dict(_ATTENTIVE)
        if lease_seconds is not None:
            wanted["idle_session_timeout"] = f"{lease_seconds}s"
        connection.execute(_SET, {"keys": list(wanted), "values": list(wanted.values())})
        connection.commit()
        yield connection


def locked(connection: Connection, key: int) -> bool:
    """Whether the lock is now held by this connection, until it ends."""
    held = connection.scalar(_LOCK, {"key": key})
    connection.commit()
    return bool(held)


def unlocked(connection: Connection, key: int) -> None:
    """Give back a lock that this connection holds."""
    connection.execute(_UNLOCK, {"key": key})
    connection.commit()


def job_lock(connection: Connection, name: str) -> int:
    """The lock of whoever runs the job of that name."""
    return int(connection.scalar(_KEY, {"name": name}) or 0)
