"""A clock whose one job writes a row into `ticks` every second: the argument is the database's address."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from threading import Event

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Job
from utility_crm.kit.scheduler import CONNECTIONS, run_clock


def tick(session: Session, _now: datetime) -> str:
    """A row of this process's."""
    session.execute(text("insert into ticks (pid) values (:pid)"), {"pid": os.getpid()})
    return "ticked"


if __name__ == "__main__":
    run_clock(make_engine(sys.argv[1], pool_size=CONNECTIONS), [Job("bench.tick", 1, tick)], Event())
