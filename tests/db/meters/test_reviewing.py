"""What the clock finds once a day: against a channel's own history, over midnights, beside registers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.findings.jobs import estimate_late_gaps, review_readings
from meters.findings.queries import finding, waiting_findings
from meters.findings.reviewing import review_channels
from meters.findings.rules import set_rule
from utility_crm.kit.settings import settings

TODAY = date(2024, 6, 28)
NOW = datetime(2024, 6, 28, 9, tzinfo=UTC)
DAYS = [TODAY - timedelta(days=back) for back in range(90, 0, -1)]
HOURS = np.arange(48) / 2
SHAPE = 0.1 + np.exp(-(((HOURS - 7.5) / 1.2) ** 2)) + 1.6 * np.exp(-(((HOURS - 19) / 2) ** 2))


def home(seed: int) -> np.ndarray:
    """90 days of a home: watt-hours as micro-kWh, (90, 48), every day a little different."""
    draw = np.random.default_rng(seed)
    level = draw.lognormal(0, 0.15, (90, 1)) * draw.lognormal(0, 0.2, (90, 48))
    return np.rint(300 * SHAPE * level).astype(np.int64) * 1000


@pytest.fixture
def channel(session: Session) -> Callable[..., int]:
    """`channel("SP1", micro)`: a channel with these days until yesterday; None is a hole."""
    session.execute(text("select make_block_partitions(:first, :last)"), {"first": DAYS[0], "last": TODAY})

    def made(code: str, micro: np.ndarray, holes: Mapping[int, range] | None = None, quality: int = 1) -> int:
        point = session.scalar(
            text("insert into service_points (code) values (:code) returning id"), {"code": code}
        )
        identity = session.scalar(
            text(
                "insert into channels (service_point_id, name, unit, direction, offset_minutes) "
                "values (:point, 'import', 'kWh', 'import', 0) returning id"
            ),
            {"point": point},
        )
        rows = []
        for place, day in enumerate(DAYS):
            values: list[int | None] = micro[place].tolist()
            for hole in (holes or {}).get(place, ()):
                values[hole] = None
            if any(value is not None for value in values):
                rows.append({"channel": identity, "day": day, "micro": values, "quality": quality})
        insert = (
            "insert into blocks (channel_id, day, micro, quality, feed_id) "
            "values (:channel, :day, :micro, :quality, 1)"
        )
        session.execute(text(insert), rows)
        assert isinstance(identity, int)
        return identity

    return made


def found(session: Session) -> list[tuple[str, str, date, date]]:
    rows = [(one.code, one.rule, one.first_day, one.last_day) for one in waiting_findings(session)[1]]
    return sorted(rows)


def review(session: Session, **more: Any) -> Any:
    return review_channels(session, TODAY, NOW, **more)


def test_ordinary_homes_give_no_finding_and_a_history(session: Session, channel) -> None:
    ids = [channel(f"SP{seed}", home(seed)) for seed in range(12)]
    done = review(session)
    assert (done.channels, done.new, found(session)) == (12, 0, [])
    profile = session.execute(
        text("select * from channel_profiles where channel_id = :id"), {"id": ids[3]}
    ).one()
    micro = home(3)
    assert (profile.as_of, profile.days, profile.zero_days) == (TODAY, 90, 0)
    assert profile.most == micro.max() and profile.median_day == round(np.median(micro.sum(axis=1)))
    assert np.abs(np.array(profile.shape) - micro.mean(axis=0)).max() <= 0.5
    assert review(session).channels == 0, "once a day"
    assert review_channels(session, TODAY + timedelta(days=1), NOW, limit=5).channels == 5


def test_an_old_spike_is_found_when_a_channel_is_first_looked_at(session: Session, channel) -> None:
    micro = home(1)
    most = int(np.delete(micro, 40, axis=0).max())
    micro[40, 6] = 12_400_000
    channel("SP1", micro)
    review(session)
    assert found(session) == [("SP1", "spike", DAYS[40], DAYS[40])]
    [row] = waiting_findings(session)[1]
    assert (row.worst.found, row.worst.usual) == (12_400_000, most), "the spike is not its own history"
    assert session.scalar(text("select most from channel_profiles")) == most


def test_an_accepted_peak_is_history(session: Session, channel) -> None:
    micro = home(1)
    micro[40, 6] = 12_400_000
    channel("SP1", micro)
    review(session)
    accept = "update findings set state = 'accepted', decided_at = now(), reason = 'A sauna.'"
    session.execute(text(accept))
    review_channels(session, TODAY + timedelta(days=1), NOW)
    assert session.scalar(text("select most from channel_profiles")) == 12_400_000


def test_a_value_that_stands_still_over_midnight(session: Session, channel) -> None:
    micro = home(2)
    micro.reshape(-1)[85 * 48 + 36 : 86 * 48 + 24] = 310_000  # 18 hours, no day with 24 of them alone
    channel("SP1", micro)
    review(session)
    assert found(session) == [("SP1", "stuck", DAYS[85], DAYS[86])]


def test_days_of_nothing_where_there_never_were_any(session: Session, channel) -> None:
    stopped, cottage = home(3), home(4)
    stopped[84:] = 0
    cottage[84:] = cottage[10:15] = cottage[40:45] = 0
    channel("SP1", stopped)
    channel("SP2", cottage)
    channel("SP3", stopped * 0)
    review(session)
    assert found(session) == [("SP1", "stuck", DAYS[84], DAYS[89])]


def test_a_clock_that_runs_late(session: Session, channel) -> None:
    micro = home(5)
    micro[82:] = np.roll(micro[82:].reshape(-1), 4).reshape(-1, 48)
    channel("SP1", micro)
    channel("SP2", home(6))
    review(session)
    [row] = waiting_findings(session)[1]
    assert (row.code, row.rule, row.worst.found) == ("SP1", "clock_drift", 120)
    assert row.last_day == DAYS[89]


def test_what_a_summer_clock_does_is_no_drift(session: Session, channel, premise) -> None:
    """All by the local clock: in UTC the days since the change come an hour earlier."""
    today = date(2024, 4, 9)  # the clocks went forward on 31 March, nine days before
    draw = np.random.default_rng(7)
    sharp = np.full((90, 48), 100_000) + draw.integers(0, 20_000, (90, 48))
    sharp[:, [14, 15, 38, 39, 40]] += 2_000_000
    sharp[81:] = np.roll(sharp[81:].reshape(-1), -2).reshape(-1, 48)
    channel("SP1", sharp)
    session.execute(text("select make_block_partitions('2023-12-01', '2024-06-30')"))
    # A hypertable's rows cannot be given another day in their place.
    session.execute(text("create temp table moved on commit drop as select * from blocks"))
    session.execute(text("update moved set day = day - :days"), {"days": (TODAY - today).days})
    session.execute(text("delete from blocks"))
    session.execute(text("insert into blocks select * from moved"))
    place = text("update service_points set premise_id = :id")
    session.execute(place, {"id": premise("P1", "Europe/London")})
    review_channels(session, today, NOW)
    assert found(session) == []
    session.execute(text("update premises set timezone = 'UTC'"))
    session.execute(text("delete from channel_profiles"))
    review_channels(session, today, NOW)
    assert [one[1] for one in found(session)] == ["clock_drift"], "where no clock changes it is one"


def register(session: Session, code: str, name: str, reads: list[tuple[date, int]]) -> None:
    session.execute(
        text(
            "insert into registers (service_point_id, name, unit, direction) "
            "select id, :name, 'kWh', 'import' from service_points where code = :code"
        ),
        {"code": code, "name": name},
    )
    for day, figure in reads:
        session.execute(
            text(
                "insert into register_reads (register_id, read_at, kind, meter, figure, exponent, feed_id) "
                "select max(id), :at, 'actual', 'M1', :figure, 0, 1 from registers"
            ),
            {"at": datetime(day.year, day.month, day.day, tzinfo=UTC), "figure": figure},
        )


def test_intervals_that_are_not_what_the_register_counted(session: Session, channel) -> None:
    for code, off in (("SP1", 0), ("SP2", 30_000_000), ("SP3", 30_000_000)):
        micro = home(8)
        holes = {30: range(5, 6)} if code == "SP3" else {}
        channel(code, micro, holes)
        total = int(micro[20:50].sum()) + off
        night = int(micro[20:50, :14].sum())
        register(session, code, "T1", [(DAYS[20], 5_000_000), (DAYS[50], 5_000_000 + total - night)])
        register(session, code, "T2", [(DAYS[20], 7_000_000), (DAYS[50], 7_000_000 + night)])
    review(session)
    mine = [one for one in found(session) if one[1] == "sum_check"]
    assert mine == [("SP2", "sum_check", DAYS[20], DAYS[49])], "a hole is nothing to compare with"
    row = next(one for one in waiting_findings(session)[1] if one.rule == "sum_check")
    assert row.worst.usual - row.worst.found == 30_000_000


def test_a_gap_that_came_to_be_one(session: Session, channel) -> None:
    channel("SP1", home(9), {89: range(20, 48), 88: range(48)})
    review(session)
    assert found(session) == [("SP1", "missing", DAYS[89], DAYS[89])], (
        "a day that never came is another matter"
    )


def test_a_rule_is_off_where_a_segment_has_it_off(session: Session, channel) -> None:
    micro = home(3)
    micro[84:] = 0
    channel("SP1", micro)
    set_rule(session, "default", "stuck", enabled=False)
    review(session)
    assert found(session) == []


def test_the_clocks_jobs(monkeypatch: pytest.MonkeyPatch, session: Session, channel) -> None:
    monkeypatch.setenv("UTILITY_CRM_AS_OF", TODAY.isoformat())
    settings.cache_clear()
    try:
        channel("SP1", home(1), {70: range(10, 20), 88: range(10, 20)})
        known = (
            "insert into channel_profiles select max(id), '2024-01-01', 0, '{0}', 0, 0, 0, 0 from channels"
        )
        session.execute(text(known))
        assert review_readings(session, NOW) == "1 channels looked over, 1 findings new, 0 closed"
        hit = {"of": 48, "at": [[10, 20]], "found": 10, "usual": 48}
        older = (
            "insert into findings (rule, channel_id, first_day, last_day, severity, detail) "
            "select 'missing', max(id), :day, :day, 'warn', cast(:detail as jsonb) from channels"
        )
        detail = json.dumps({"days": {DAYS[70].isoformat(): hit}})
        session.execute(text(older), {"day": DAYS[70], "detail": detail})
        assert estimate_late_gaps(session, NOW) == "0 gaps estimated, 0 left to a person", "off by itself"
        set_rule(session, "default", "estimate_gaps", enabled=True, parameters={"after_days": 10})
        assert estimate_late_gaps(session, NOW) == "1 gaps estimated, 0 left to a person"
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    [left] = waiting_findings(session)[1]
    assert left.first_day == DAYS[88]
    done = session.scalar(text("select id from findings where state = 'estimated'"))
    kept = finding(session, done)
    assert kept.decided_by is None and kept.reason is not None and kept.decided_feed_id is not None
