"""Quiet hours where customers live: clock changes, month ends and the leap day in six zones, by hand.

Each row: when somebody would be written to on the wall there, and when that may leave in UTC. Offsets of the
tz database: London 0/+1, St John's −3:30/−2:30, Lord Howe +10:30/+11 (half an hour), Kathmandu +5:45,
Chatham +12:45/+13:45, Kiritimati +14, beyond the date line.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from notifications.domain.permission import (
    Asked,
    QuietHours,
    Reason,
    SendNotBefore,
    SendNow,
    decent_from,
    local_midnight,
    permission,
)

NIGHTS = [
    # the night in which clocks go forward, then the one in which they go back
    ("Europe/London", "2026-03-28 21:00", "2026-03-29 07:00"),
    ("Europe/London", "2026-10-24 21:00", "2026-10-25 08:00"),
    ("America/St_Johns", "2026-03-07 21:00", "2026-03-08 10:30"),
    ("America/St_Johns", "2026-10-31 21:00", "2026-11-01 11:30"),
    ("Australia/Lord_Howe", "2026-10-03 21:00", "2026-10-03 21:00"),
    ("Australia/Lord_Howe", "2026-04-04 21:00", "2026-04-04 21:30"),
    ("Pacific/Chatham", "2026-09-26 21:00", "2026-09-26 18:15"),
    ("Pacific/Chatham", "2026-04-04 21:00", "2026-04-04 19:15"),
    # month ends, the turn of the year, the leap day: from before it, and out of it
    ("Asia/Kathmandu", "2026-04-30 21:00", "2026-05-01 02:15"),
    ("Pacific/Kiritimati", "2026-12-31 22:00", "2026-12-31 18:00"),
    ("America/St_Johns", "2026-12-31 23:59", "2027-01-01 11:30"),
    ("Asia/Kathmandu", "2028-02-28 23:15", "2028-02-29 02:15"),
    ("Pacific/Kiritimati", "2028-02-29 21:00", "2028-02-29 18:00"),
    ("Europe/London", "2027-02-28 22:30", "2027-03-01 08:00"),
    # after midnight it is the same morning
    ("Australia/Lord_Howe", "2026-10-04 01:59", "2026-10-03 21:00"),
    ("Pacific/Kiritimati", "2026-01-01 00:00", "2025-12-31 18:00"),
]


def utc(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC)


def on_the_wall(stamp: str, zone: str) -> datetime:
    return datetime.fromisoformat(stamp).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("zone", "wall", "leaves_at"), NIGHTS)
def test_a_night_ends_at_eight_on_the_wall(zone: str, wall: str, leaves_at: str) -> None:
    asked = Asked(purpose="service", address="a@b.example", consent=None, zone=zone)
    now = on_the_wall(wall, zone)
    assert permission(asked, now) == SendNotBefore(utc(leaves_at), Reason.QUIET_HOURS)
    assert permission(asked, utc(leaves_at)) == SendNow()


@pytest.mark.parametrize(
    ("zone", "wall", "begins_at", "leaves_at"),
    [
        # a day of 23 hours, of 25, of 23½ and 24½: the cap counts it whole, and the next begins a morning
        ("Europe/London", "2026-03-29 12:00", "2026-03-29 00:00", "2026-03-30 07:00"),
        ("Europe/London", "2026-10-25 12:00", "2026-10-24 23:00", "2026-10-26 08:00"),
        ("Australia/Lord_Howe", "2026-10-04 12:00", "2026-10-03 13:30", "2026-10-04 21:00"),
        ("Australia/Lord_Howe", "2026-04-05 12:00", "2026-04-04 13:00", "2026-04-05 21:30"),
        ("America/St_Johns", "2026-11-01 09:00", "2026-11-01 02:30", "2026-11-02 11:30"),
        ("Asia/Kathmandu", "2028-02-29 09:00", "2028-02-28 18:15", "2028-03-01 02:15"),
        ("Pacific/Kiritimati", "2026-12-31 20:59", "2026-12-30 10:00", "2026-12-31 18:00"),
    ],
)
def test_a_full_day_is_the_customers_own(zone: str, wall: str, begins_at: str, leaves_at: str) -> None:
    now = on_the_wall(wall, zone)
    full = Asked(purpose="service", address="a@b.example", consent=None, zone=zone, sent_today=3)
    assert local_midnight(now, zone) == utc(begins_at)
    assert permission(full, now) == SendNotBefore(utc(leaves_at), Reason.DAILY_CAP)


@pytest.mark.parametrize(
    ("zone", "quiet", "asked_at", "decent_at"),
    [
        # it would end at a quarter past two, which is skipped: at half past, that is at once
        ("Australia/Lord_Howe", (time(22), time(2, 15)), "2026-10-03 15:15", "2026-10-03 15:30"),
        ("Europe/London", (time(22), time(1, 30)), "2026-03-29 00:45", "2026-03-29 01:00"),
        # it ends at a time that comes twice: the first of both counts, and the second is quiet for those who
        # ask then
        ("Australia/Lord_Howe", (time(22), time(1, 45)), "2026-04-04 14:30", "2026-04-04 14:45"),
        ("Australia/Lord_Howe", (time(22), time(1, 45)), "2026-04-04 15:00", "2026-04-04 15:15"),
        ("Europe/London", (time(22), time(1, 30)), "2026-10-25 00:15", "2026-10-25 00:30"),
        ("Europe/London", (time(22), time(1, 30)), "2026-10-25 01:05", "2026-10-25 01:30"),
        # it begins at a time that comes twice
        ("Europe/London", (time(1, 30), time(8)), "2026-10-25 00:30", "2026-10-25 01:00"),
    ],
)
def test_edges_within_the_change(zone: str, quiet: tuple[time, time], asked_at: str, decent_at: str) -> None:
    assert decent_from(utc(asked_at), zone, QuietHours(*quiet)) == utc(decent_at)
