"""The small care desk of the tickets' tests."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care, put_in


@pytest.fixture
def care(session: Session) -> Care:
    return put_in(session)
