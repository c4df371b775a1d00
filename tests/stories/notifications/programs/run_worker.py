"""Delivery workers as `utility-crm deliver` runs them, but for a lease of a second: `run_worker.py
DATABASE_URL`.

Each line on standard input forks one, whose process number is printed: a worker a test kills need not wait
for the next one's imports.
"""

import os
import sys
from dataclasses import replace
from datetime import timedelta
from threading import Event

from notifications.delivery.worker import run_delivery, workers
from notifications.outbox.claims import Terms
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings

for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        engine = make_engine(sys.argv[1], pool_size=2)
        found = workers(engine, settings(), Terms(lease=timedelta(seconds=1)))
        run_delivery(engine, Event(), [replace(one, idle_seconds=0.1) for one in found])
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
