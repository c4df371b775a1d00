"""Who may be written to, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.permission import (
    Asked,
    QuietHours,
    Reason,
    Rules,
    SendNotBefore,
    SendNow,
    Verdict,
    Withhold,
    decent_from,
    local_midnight,
    permission,
)

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAY = Asked(purpose="service", address="a@b.example", consent=None, zone="Europe/London")

ZONES = st.sampled_from(
    [
        "Europe/London",
        "Europe/Moscow",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "UTC",
        "America/St_Johns",
        "Pacific/Chatham",
        "Africa/Casablanca",
        "Asia/Vladivostok",
    ]
)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
AROUND_CHANGES = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from([datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]),
    st.integers(-36 * 3600, 36 * 3600),
)
QUARTERS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
QUIET = st.builds(QuietHours, QUARTERS, QUARTERS)


def asked_at(wall: datetime, **changes: object) -> Verdict:
    return permission(replace(MAY, **changes), wall.replace(tzinfo=LONDON))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, SendNow()),
        ({"address": ""}, Withhold(Reason.NO_ADDRESS)),
        ({"consent": True}, SendNow()),
        ({"consent": False}, Withhold(Reason.CONSENT_WITHDRAWN)),
        ({"consent": False, "urgent": True}, Withhold(Reason.CONSENT_WITHDRAWN)),
        ({"purpose": "marketing"}, Withhold(Reason.NO_CONSENT)),
        ({"purpose": "marketing", "urgent": True}, Withhold(Reason.NO_CONSENT)),
        ({"purpose": "marketing", "consent": True}, SendNow()),
        ({"useful_before": NOON}, Withhold(Reason.TOO_LATE)),
        ({"useful_before": NOON + timedelta(seconds=1)}, SendNow()),
        ({"sent_today": 2}, SendNow()),
        (
            {"sent_today": 3},
            SendNotBefore(datetime(2026, 11, 21, 8, tzinfo=UTC), Reason.DAILY_CAP),
        ),
        ({"sent_today": 3, "urgent": True}, SendNow()),
        (
            {"sent_today": 3, "useful_before": datetime(2026, 11, 21, 7, tzinfo=UTC)},
            Withhold(Reason.TOO_LATE),
        ),
    ],
)
def test_at_noon(changes: dict[str, object], verdict: Verdict) -> None:
    assert permission(replace(MAY, **changes), NOON) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wall", "sent_from"),
    [
        (datetime(2026, 11, 20, 20, 59, 59), None),
        (datetime(2026, 11, 20, 21, 0), datetime(2026, 11, 21, 8)),
        (datetime(2026, 11, 21, 7, 59, 59), datetime(2026, 11, 21, 8)),
        (datetime(2026, 11, 21, 8, 0), None),
        # the nights the clocks change: eight o'clock is ten hours away, or twelve
        (datetime(2026, 3, 28, 21, 0), datetime(2026, 3, 29, 8)),
        (datetime(2026, 10, 24, 21, 0), datetime(2026, 10, 25, 8)),
    ],
)
def test_the_edges_of_the_night(wall: datetime, sent_from: datetime | None) -> None:
    expected = (
        SendNow()
        if sent_from is None
        else SendNotBefore(sent_from.replace(tzinfo=LONDON).astimezone(UTC), Reason.QUIET_HOURS)
    )
    assert asked_at(wall) == expected
    assert asked_at(wall, urgent=True) == SendNow()


def test_the_night_of_the_clock_change_is_an_hour_shorter_or_longer() -> None:
    nights = {
        day: decent_from(evening, "Europe/London") - evening
        for day in ((3, 28), (10, 24), (11, 20))
        for evening in [datetime(2026, *day, 21, tzinfo=LONDON).astimezone(UTC)]
    }
    assert [night / timedelta(hours=1) for night in nights.values()] == [10, 12, 11]


def test_it_is_night_where_the_premise_is_and_not_here() -> None:
    vladivostok = replace(MAY, zone="Asia/Vladivostok")
    assert permission(MAY, NOON) == SendNow()
    assert permission(vladivostok, NOON) == SendNotBefore(
        datetime(2026, 11, 20, 22, tzinfo=UTC), Reason.QUIET_HOURS
    )


@given(INSTANTS | AROUND_CHANGES, ZONES, QUIET)
def test_it_waits_for_the_first_decent_quarter_and_no_longer(
    now: datetime, zone: str, quiet: QuietHours
) -> None:
    place = ZoneInfo(zone)
    at = decent_from(now, zone, quiet)
    assert at >= now
    assert not quiet.holds(at.astimezone(place).time())
    instant = now
    while instant < at:  # every minute waited through was quiet
        assert quiet.holds(instant.astimezone(place).time())
        instant += timedelta(minutes=1)


@given(INSTANTS | AROUND_CHANGES, ZONES, QUIET)
def test_a_full_day_waits_for_a_decent_hour_of_another(now: datetime, zone: str, quiet: QuietHours) -> None:
    place = ZoneInfo(zone)
    at = decent_from(now, zone, quiet, tomorrow=True)
    wall = at.astimezone(place)
    assert wall.date() > now.astimezone(place).date()
    assert not quiet.holds(wall.time())
    assert local_midnight(at, zone) > now


@given(
    INSTANTS | AROUND_CHANGES,
    st.builds(
        Asked,
        purpose=st.sampled_from(["service", "marketing"]),
        address=st.sampled_from(["", "a@b.example"]),
        consent=st.sampled_from([None, True, False]),
        zone=ZONES,
        urgent=st.booleans(),
        sent_today=st.integers(0, 5),
    ),
    st.builds(Rules, QUIET, st.integers(1, 4)),
)
def test_what_may_be_sent_later_may_be_sent_then(now: datetime, asked: Asked, rules: Rules) -> None:
    """A wait is a promise: at its end, with a new day's count, nothing has to wait again."""
    verdict = permission(asked, now, rules)
    if isinstance(verdict, SendNotBefore):
        assert verdict.at > now
        assert permission(replace(asked, sent_today=0), verdict.at, rules) == SendNow()
    if asked.urgent:
        assert not isinstance(verdict, SendNotBefore)


@given(INSTANTS | AROUND_CHANGES, ZONES)
def test_a_local_day_begins_once(now: datetime, zone: str) -> None:
    began = local_midnight(now, zone)
    assert began <= now < began + timedelta(hours=25)
    assert began.astimezone(ZoneInfo(zone)).date() == now.astimezone(ZoneInfo(zone)).date()


def test_every_reason_has_words() -> None:
    assert all(reason.words for reason in Reason)


@pytest.mark.parametrize("edge", [time(21, 1), time(21, 0, 1), time(21, tzinfo=UTC)])
def test_quiet_hours_keep_to_quarters(edge: time) -> None:
    with pytest.raises(ValueError, match="quarter"):
        QuietHours(starts=edge)
