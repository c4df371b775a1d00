"""One whole plan for all tests here: it is pure, and takes a second."""

from __future__ import annotations

from datetime import date

import pytest

from utility_crm.demo.plan import Plan, make_plan


@pytest.fixture(scope="session")
def plan() -> Plan:
    return make_plan(7, date(2026, 11, 20))


@pytest.fixture(scope="session")
def small_plan() -> Plan:
    return make_plan(7, date(2026, 11, 20), 60)
