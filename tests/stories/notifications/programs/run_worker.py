"""Delivery workers as `utility-crm deliver` runs them, but for a lease of two seconds: `run_worker.py
DATABASE_URL`.

Each line on standard input forks one, whose process number is printed: a worker a test kills need not wait
for the next one's imports. There is one kind of notice more, `once_only`, a reminder that must not arrive
twice. With TEST_IMPATIENT set, what was not taken is tried again within the second.
"""

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
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings

known = cast("dict[str, NoticeType]", notice_types())
known["once_only"] = replace(known["payment_reminder"], in_doubt="park")
retry = Retry()
if os.environ.get("TEST_IMPATIENT"):
    retry = Retry(tries=30, first=timedelta(seconds=0.2), longest=timedelta(seconds=0.5))

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        engine = make_engine(sys.argv[1], pool_size=2)
        found = workers(engine, settings(), Terms(lease=timedelta(seconds=2)))
        run_delivery(engine, Event(), [replace(one, idle_seconds=0.1, retry=retry) for one in found])
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
