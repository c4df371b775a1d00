"""A database to measure in: an embedded server of its own, synced to disk as in use, gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.migrations import migrate


@contextmanager
def migrated_database() -> Iterator[Engine]:
    """Empty, with the newest tables."""
    # The server may run as another user, who has to reach its home; a short path keeps the socket's legal.
    folder = Path(tempfile.mkdtemp(prefix="ucrm-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        server = EmbeddedServer(folder / "home").start()
        engine = make_engine(server.url())
        try:
            migrate(engine)
            yield engine
        finally:
            engine.dispose()
            server.leave()
    finally:
        shutil.rmtree(folder)
