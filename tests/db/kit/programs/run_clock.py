"""A clock that writes a row into `ticks` every second: arguments are the database's address."""

import os
import sys
from datetime import datetime
from threading import Event

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Job
from utility_crm.kit.scheduler import run_clock


def tick(session: Session, now: datetime) -> str:
    session.execute(text("insert into ticks (pid, at) values (:pid, :at)"), {"pid": os.getpid(), "at": now})
    return "ticked"


run_clock(make_engine(sys.argv[1]), [Job("test.tick", 1, tick)], Event(), look_seconds=0.1)
