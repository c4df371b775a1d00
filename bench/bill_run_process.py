"""A process that runs a month of bills over and over, each run killed or not: `python -m
bench.bill_run_process URL CHUNK`.

Each line on standard input is seconds after which a run is killed with -9, or nothing to let it end; each
line of output, how it ended. Every run is a child forked from here, so that none of its life is spent on
imports.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import billing.runs
from bench.bill_base import MONTH, NOW, TODAY
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine


def main(url: str, chunk: int) -> None:
    """Until standard input ends."""
    load_tables()
    billing.runs.CHUNK = chunk
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(url)
        if line.strip():
            time.sleep(float(line))
            os.kill(child, signal.SIGKILL)  # not waited for yet, so the number is still its own
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(url: str) -> None:
    try:
        billing.runs.issue_bills(make_engine(url), MONTH, today=TODAY, now=NOW, known_at=NOW)
    except BaseException as error:
        print(f"the run failed: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
