"""A process that runs a month of bills as drafts, again and again until it is ended: `python -m
bench.bills_over_and_over URL`. It says `running` when the first run begins."""

from __future__ import annotations

import sys

from bench.bill_base import MONTH, NOW, TODAY
from billing.runs import issue_bills
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine


def main(url: str) -> None:
    """Each run reads, prices and judges every account; what it found is taken back at its end."""
    load_tables()
    engine = make_engine(url)
    print("running", flush=True)
    while True:
        issue_bills(engine, MONTH, today=TODAY, now=NOW, known_at=NOW, draft=True)


if __name__ == "__main__":
    main(sys.argv[1])
