"""What a package's part of the demo is given: one transaction, the plan, and where to say how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from utility_crm.demo.plan import Plan
from utility_crm.demo.progress import Steps
from utility_crm.kit.simulating import simulates


@dataclass(frozen=True)
class DemoBuild:
    """Handed to each `Module.demo`. Everything is written through `connection`, whose one transaction the
    build commits when all parts are done: a demo is whole or not there. `now`: until when its last day has
    gone on; nothing that was done on it lies later."""

    connection: Connection
    plan: Plan
    steps: Steps
    now: datetime

    @property
    def driver(self) -> DriverConnection[Any]:
        """The psycopg connection beneath, for COPY."""
        driver: Any = self.connection.connection.driver_connection
        return driver  # type: ignore[no-any-return]

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session inside the build's transaction, for calling actions; flushed at the end, never
        committed."""
        with Session(
            self.connection, expire_on_commit=False, join_transaction_mode="rollback_only"
        ) as session:
            simulates(session)
            yield session
            session.flush()

    def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """COPY rows into a table; how many. Numbered tables go on after the highest id that came."""
        statement = sql.SQL("copy {} ({}) from stdin").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        count = 0
        with self.driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        if columns[0] == "id" and count:
            self.number_on(table)
        return count

    def number_on(self, table: str) -> None:
        """Let the table's own numbering follow the ids that were written."""
        self.connection.execute(
            text(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")
        )

    def analyse(self, *tables: str) -> None:
        """Fresh statistics: nobody else makes them inside this transaction. A small sample will do, and is
        quick."""
        self.connection.execute(text("set local default_statistics_target = 10"))
        for table in tables:
            self.connection.execute(text(f"analyze {table}"))
