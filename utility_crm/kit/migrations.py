"""Bringing a database to the schema this code expects, and saying which one that is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

HISTORY = Path(__file__).resolve().parents[1] / "migrations"


def migrate(engine: Engine, revision: str = "head", *, down: bool = False) -> None:
    """Run the history up (or down) to `revision`, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(HISTORY).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def history_hash() -> str:
    """A short name for this history: the same files give the same name."""
    digest = hashlib.sha256()
    for path in sorted((HISTORY / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
