"""Quiet hours and the day of a cap, by table: clock changes, month ends, the leap day, five zones."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.domain.permission import (
    Asked,
    QuietHours,
    Reason,
    SendNotBefore,
    SendNow,
    Withhold,
    decent_from,
    local_midnight,
    permission,
)

ZONES = ("America/New_York", "Europe/London", "Europe/Moscow", "Asia/Kolkata", "Australia/Lord_Howe")
Z = "%Y-%m-%dT%H:%M"


def utc(words: str) -> datetime:
    return datetime.strptime(words, Z).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "goes"),
    [
        # an evening in each of five zones: 21:00 on the wall waits for 08:00 on the wall
        ("America/New_York", "2026-11-21T02:00", "2026-11-21T13:00"),
        ("Europe/London", "2026-11-20T21:00", "2026-11-21T08:00"),
        ("Europe/Moscow", "2026-11-20T18:00", "2026-11-21T05:00"),
        ("Asia/Kolkata", "2026-11-20T15:30", "2026-11-21T02:30"),
        ("Australia/Lord_Howe", "2026-11-20T10:00", "2026-11-20T21:00"),
        # a minute before it is quiet, and the minute it ends
        ("Europe/London", "2026-11-20T20:59", "2026-11-20T20:59"),
        ("Europe/London", "2026-11-21T07:59", "2026-11-21T08:00"),
        ("Europe/London", "2026-11-21T08:00", "2026-11-21T08:00"),
        # the night an hour is skipped, and the one in which an hour comes twice
        ("Europe/London", "2026-03-28T22:00", "2026-03-29T07:00"),
        ("Europe/London", "2026-10-24T21:30", "2026-10-25T08:00"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T12:00"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T13:00"),
        # Lord Howe moves by half an hour
        ("Australia/Lord_Howe", "2026-10-03T11:00", "2026-10-03T21:00"),
        ("Australia/Lord_Howe", "2026-04-04T11:00", "2026-04-04T21:30"),
        # Moscow and Kolkata have no change
        ("Europe/Moscow", "2026-03-28T18:00", "2026-03-29T05:00"),
        # month ends, year's end, and the leap day
        ("Europe/London", "2026-04-30T21:00", "2026-05-01T07:00"),
        ("Europe/Moscow", "2026-12-31T19:00", "2027-01-01T05:00"),
        ("Europe/London", "2028-02-28T22:00", "2028-02-29T08:00"),
        ("Europe/London", "2028-02-29T22:00", "2028-03-01T08:00"),
        ("Asia/Kolkata", "2027-02-28T16:00", "2027-03-01T02:30"),
    ],
)
def test_when_it_is_decent(zone: str, now: str, goes: str) -> None:
    if zone == "Europe/London" and now == "2026-04-30T21:00":
        assert utc(now).astimezone(ZoneInfo(zone)).time() == time(22)
    assert decent_from(utc(now), zone) == utc(goes)


@pytest.mark.parametrize(
    ("zone", "now", "goes"),
    [
        ("Europe/London", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("Europe/London", "2026-11-20T03:00", "2026-11-21T08:00"),
        ("Europe/London", "2026-03-28T12:00", "2026-03-29T07:00"),
        ("Europe/London", "2026-10-24T12:00", "2026-10-25T08:00"),
        ("America/New_York", "2026-11-20T03:00", "2026-11-20T13:00"),  # it is still the 19th there
        ("Europe/Moscow", "2028-02-28T10:00", "2028-02-29T05:00"),
        ("Asia/Kolkata", "2026-12-31T10:00", "2027-01-01T02:30"),
        ("Australia/Lord_Howe", "2026-10-03T02:00", "2026-10-03T21:00"),
    ],
)
def test_after_the_cap_it_is_the_next_morning_there(zone: str, now: str, goes: str) -> None:
    asked = Asked("service", "a@b", None, zone, sent_today=3)
    assert permission(asked, utc(now)) == SendNotBefore(utc(goes), Reason.DAILY_CAP)


@pytest.mark.parametrize(
    ("zone", "now", "began"),
    [
        ("Europe/London", "2026-03-29T12:00", "2026-03-29T00:00"),  # a day of 23 hours
        ("Europe/London", "2026-03-30T12:00", "2026-03-29T23:00"),
        ("Europe/London", "2026-10-25T23:59", "2026-10-24T23:00"),  # a day of 25 hours
        ("America/New_York", "2026-11-21T03:00", "2026-11-20T05:00"),
        ("Europe/Moscow", "2028-02-29T20:59", "2028-02-28T21:00"),
        ("Europe/Moscow", "2028-02-29T21:00", "2028-02-29T21:00"),
        ("Asia/Kolkata", "2026-12-31T18:30", "2026-12-31T18:30"),
        ("Australia/Lord_Howe", "2026-10-04T12:00", "2026-10-03T13:30"),
    ],
)
def test_when_the_day_of_the_cap_began(zone: str, now: str, began: str) -> None:
    assert local_midnight(utc(now), zone) == utc(began)


# What is due on a day is due by the end of that day where the customer lives.
@pytest.mark.parametrize(
    ("zone", "due", "ends"),
    [
        ("America/New_York", "2026-11-01", "2026-11-02T05:00"),  # 25 hours long
        ("Europe/London", "2026-03-29", "2026-03-29T23:00"),  # 23 hours long
        ("Europe/London", "2026-10-25", "2026-10-26T00:00"),
        ("Europe/Moscow", "2028-02-29", "2028-02-29T21:00"),
        ("Europe/Moscow", "2026-12-31", "2026-12-31T21:00"),
        ("Asia/Kolkata", "2026-01-31", "2026-01-31T18:30"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-04T13:00"),
    ],
)
def test_a_notice_of_use_until_a_due_day_goes_until_it_ends_there(zone: str, due: str, ends: str) -> None:
    day = datetime.fromisoformat(due).date()
    useful_before = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    assert useful_before == utc(ends)
    asked = Asked("service", "a@b", None, zone, useful_before=useful_before)
    urgent = Asked("service", "a@b", None, zone, urgent=True, useful_before=useful_before)
    last = useful_before - timedelta(minutes=1)
    assert permission(asked, last) == Withhold(Reason.TOO_LATE), "the night would outlast it"
    assert permission(urgent, last) == SendNow()
    assert permission(urgent, useful_before) == Withhold(Reason.TOO_LATE)
    evening = datetime.combine(day, time(20, 59), ZoneInfo(zone)).astimezone(UTC)
    assert permission(asked, evening) == SendNow()


@pytest.mark.parametrize("zone", ZONES)
def test_an_emergency_passes_every_hour_of_a_year_and_nothing_else_the_night(zone: str) -> None:
    quiet, at = QuietHours(), utc("2028-01-01T00:00")
    while at < utc("2029-01-02T00:00"):
        wall = at.astimezone(ZoneInfo(zone)).time()
        assert permission(Asked("service", "a@b", None, zone, urgent=True), at) == SendNow()
        verdict = permission(Asked("service", "a@b", None, zone), at)
        assert isinstance(verdict, SendNow) != quiet.holds(wall)
        if isinstance(verdict, SendNotBefore):
            assert at < verdict.at <= at + timedelta(hours=12)
        at += timedelta(hours=7, minutes=15)
