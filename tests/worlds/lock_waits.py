"""Until what was begun beside a test waits for the test's own locks."""

from __future__ import annotations

from concurrent.futures import Future
from time import sleep
from typing import Any

from sqlalchemy import Engine, text

# of this database alone: all workers of a run share one server, and another's test may wait as well
_WAITING = text("""
    select count(*) from pg_stat_activity
    where wait_event_type = 'Lock' and backend_type = 'client backend' and datname = current_database()
""")


def until_all_wait(engine: Engine, *work: Future[Any]) -> bool:
    """Until as many connections wait for a lock as there are pieces of work, or one of these is done, by
    which something that should have waited has not: whether they wait.

    It looks by a connection of its own: within a transaction the server tells of its activity but once.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        while (watching.scalar(_WAITING) or 0) < len(work):
            if any(one.done() for one in work):
                return False
            sleep(0.01)
    return True
