"""From the clock on a wall to an instant, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.wall_time import instant

ZONES = ["Europe/London", "Europe/Moscow", "Australia/Lord_Howe", "America/St_Johns", "UTC"]


@given(st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)), st.sampled_from(ZONES))
def test_the_wall_shows_it_at_that_instant_and_not_before(wall: datetime, zone: str) -> None:
    try:
        at = instant(wall, zone)
    except ValueError:
        # skipped: no instant shows it
        assert (
            wall.replace(tzinfo=ZoneInfo(zone))
            .astimezone(UTC)
            .astimezone(ZoneInfo(zone))
            .replace(tzinfo=None)
            != wall
        )
        return
    shown = at.astimezone(ZoneInfo(zone))
    assert (shown.replace(tzinfo=None), shown.fold) == (wall, 0)


def test_both_clock_changes() -> None:
    assert instant(datetime(2026, 10, 25, 1, 30), "Europe/London") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="skip 01:30"):
        instant(datetime(2026, 3, 29, 1, 30), "Europe/London")
