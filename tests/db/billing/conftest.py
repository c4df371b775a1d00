"""A small utility to bill."""

from __future__ import annotations

import pytest
from billing_world import World, flat
from sqlalchemy.orm import Session


@pytest.fixture
def world(session: Session) -> World:
    """Empty but for the tariff `flat`."""
    made = World(session)
    made.tariff(flat())
    return made
