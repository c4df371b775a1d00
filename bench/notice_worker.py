"""Delivery workers that are going to be killed: `python -m bench.notice_worker DATABASE_URL`.

As `utility-crm deliver` runs them, but for a short lease and short waits between tries, and with one kind of
notice more: `once_only`, a reminder that must not arrive twice. Each line on standard input forks one, whose
process number is printed.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import cast

from notifications.delivery.worker import run_delivery, workers
from notifications.domain.retry import Retry
from notifications.outbox.claims import Terms
from notifications.types import NoticeType, notice_types
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings


def main(url: str) -> None:
    """Fork one for every line, until there are none."""
    load_tables()
    logging.disable()
    known = cast("dict[str, NoticeType]", notice_types())
    known["once_only"] = replace(known["payment_reminder"], in_doubt="park")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            engine = make_engine(url, pool_size=6)
            found = workers(engine, settings(), Terms(lease=timedelta(seconds=20), most_claims=400))
            patient = Retry(tries=40, first=timedelta(seconds=0.5), longest=timedelta(seconds=4))
            run_delivery(engine, Event(), [replace(one, retry=patient, idle_seconds=0.2) for one in found])
        print(child, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
