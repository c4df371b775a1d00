"""Where this process finds its database and its secret."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer, default_home
from utility_crm.kit.migrations import migrate
from utility_crm.kit.settings import CHECKOUT, settings


def home() -> Path:
    """The folder of the embedded server, the secret and the logs."""
    return settings().home or default_home(CHECKOUT)


@contextmanager
def database_url() -> Iterator[str]:
    """The database's address: the one set, else the embedded server's, kept running while the block lasts."""
    configured = settings().database_url
    if configured:
        yield configured
        return
    server = EmbeddedServer(home()).start()
    try:
        yield server.url()
    finally:
        server.leave()


@contextmanager
def database(*, pool_size: int = 3, migrated: bool = True) -> Iterator[Engine]:
    """An engine on the database, brought to this code's schema unless told otherwise."""
    with database_url() as url:
        engine = make_engine(url, pool_size=pool_size)
        try:
            if migrated:
                migrate(engine)
            yield engine
        finally:
            engine.dispose()


def signing_keys() -> list[str]:
    """The secret key, last, and before it those that it took the place of: what they signed or sealed is
    still read, nothing new is signed by them."""
    return [*filter(None, (one.strip() for one in settings().secret_keys_before.split(","))), secret_key()]


def secret_key() -> str:
    """What signs cookies: the one set, else one made once in the home, readable by its owner alone."""
    configured = settings().secret_key
    if configured:
        return configured
    path = home() / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another process was first: its secret holds
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
