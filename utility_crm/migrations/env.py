"""Alembic's environment: one history for all packages, whose tables are loaded by name."""

from __future__ import annotations

from typing import Any

from alembic import context

from utility_crm.installed import load_tables
from utility_crm.kit.database import Base, make_engine

load_tables()


def ours(_item: Any, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Partitions and what TimescaleDB keeps for itself are not tables of ours."""
    return not (kind == "table" and name is not None and name.startswith(("blocks_", "_")))


def run() -> None:
    """Run on the connection handed over, or on the address in the configuration; never keeps a connection."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        url = context.config.get_main_option("sqlalchemy.url") or ""
        with make_engine(url, pool_size=1).connect() as fresh:
            _migrate(fresh)
            fresh.commit()
    else:
        _migrate(connection)


def _migrate(connection: Any) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=ours,
        compare_server_default=False,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
