"""A demo utility to measure in: simulated customers whose next bills and explanations the clock has kept."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from billing.forecasting import refresh_next_bills
from utility_crm.demo.build import build
from utility_crm.demo.progress import Steps
from utility_crm.demo.staff import SignIn
from utility_crm.installed import modules
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import unit_of_work


def demo_house(engine: Engine, customers: int, today: date) -> SignIn:
    """Fills a migrated, empty database; the agent's sign-in."""
    staff = build(engine, modules(), as_of=today, customers=customers, steps=Steps())
    with unit_of_work(engine) as session:
        refresh_next_bills(session, today, utc_now(), 10 * customers)
    return next(one for one in staff if one.role == "agent")
