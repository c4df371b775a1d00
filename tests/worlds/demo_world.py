"""The demo utility in the size of tests: forty customers, the same date, built in a few seconds."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from utility_crm.demo.build import build
from utility_crm.demo.progress import Steps
from utility_crm.demo.staff import SignIn
from utility_crm.installed import modules

SEED = 7
AS_OF = date(2026, 11, 20)
CUSTOMERS = 40
MARGARET = 1
"""Id of the customer, account and service point that were written by hand first."""


def build_small(engine: Engine) -> list[SignIn]:
    """Build and commit it, into a migrated database without customers."""
    return build(engine, modules(), as_of=AS_OF, seed=SEED, customers=CUSTOMERS, steps=Steps())
