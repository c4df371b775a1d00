"""Completeness as counted is what the readings themselves say, whatever came in whatever order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from completeness_world import CompletenessWorld, Version, live, live_odd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness import completeness, late_meters, recount, refresh
from meters.completeness.adding import add_up
from meters.completeness.counting import DAYS_KEPT, count_anew, count_feeds
from meters.completeness.jobs import count_days, count_days_anew
from meters.customer_days import odd_channel_days
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings as knobs

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, LAST = TODAY - 9 * DAY, TODAY - DAY
LATE_AFTER = 12
SEGMENTS = ("household", "small_business")


def stored(session: Session, first: date = FIRST, last: date = LAST) -> dict[Any, tuple[int, ...]]:
    rows = session.execute(
        text(
            "select coalesce(n.name, ''), c.segment, c.day, c.expected, c.received, c.late, c.estimated, "
            "c.meters, c.meters_short from completeness_days c left join network_nodes n on n.id = c.area_id "
            "where c.day between :first and :last"
        ),
        {"first": first, "last": last},
    )
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


def moment(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def version(at: datetime, size: int = 48, holes: int = 0, guessed: int = 0) -> Version:
    """The first readings are missing, the last not measured."""
    micro = [None if place < holes else 1_000_000 for place in range(size)]
    return Version(at, micro, [2 if place >= size - guessed else 1 for place in range(size)])


days = st.integers(-12, 1).map(lambda back: TODAY + back * DAY)
lives = st.lists(
    st.tuples(st.sampled_from(SEGMENTS), days, st.one_of(st.none(), st.integers(1, 9))),
    min_size=1,
    max_size=2,
).map(lambda found: [(s, d, None if n is None else d + n * DAY) for s, d, n in found])
places = st.lists(
    st.tuples(
        st.sampled_from(("", "Moorside", "Harbour")),
        lives,
        st.lists(st.lists(st.sampled_from((0, 180, 600, -300)), max_size=2), min_size=1, max_size=2),
    ),
    min_size=1,
    max_size=4,
)
blocks = st.tuples(
    st.integers(0, 20), days, st.sampled_from((48, 48, 48, 24, 96)), st.integers(0, 24), st.integers(0, 24)
)
feeds = st.lists(
    st.tuples(st.integers(0, 400), st.lists(blocks, min_size=1, max_size=9), st.booleans()), max_size=6
)


def build(session: Session, shape: Any, events: Any, *, sizes: bool = True) -> CompletenessWorld:
    """Feeds arrive in the order of their hours; after some of them the clock counts."""
    world = CompletenessWorld(session)
    channels: list[int] = []
    for area, lived, points in shape:
        place = world.place(area, lived)
        for offsets in points:
            channels += world.point(place, offsets)
    for hours, wanted, counted in sorted(events, key=lambda event: event[0]) if channels else ():
        at = moment(TODAY - 13 * DAY, 0) + timedelta(hours=hours)
        found = {
            (channels[pick % len(channels)], day): version(at, size if sizes else 48, holes, guessed)
            for pick, day, size, holes, guessed in wanted
        }
        world.feed(at, [(*key, value) for key, value in found.items()])
        if counted:
            count_feeds(session, TODAY, NOW, LATE_AFTER)
    return world


def anyhow(function: Any) -> Any:
    fixture = HealthCheck.function_scoped_fixture
    return settings(max_examples=40, deadline=None, suppress_health_check=[fixture])(function)


@anyhow
@given(shape=places, events=feeds)
def test_what_is_counted_is_what_the_readings_say(session: Session, shape: Any, events: Any) -> None:
    with session.begin_nested() as undone:
        world = build(session, shape, events)
        by_hand = world.expected(FIRST, LAST, LATE_AFTER)
        count_feeds(session, TODAY, NOW, LATE_AFTER)
        add_up(session, TODAY, NOW)
        assert stored(session) == by_hand
        count_anew(session, TODAY, NOW, LATE_AFTER)
        add_up(session, TODAY, NOW)
        assert stored(session) == by_hand
        undone.rollback()


@anyhow
@given(shape=places, events=feeds)
def test_it_is_what_a_look_at_every_array_said_before(session: Session, shape: Any, events: Any) -> None:
    one_each = [(area, lived[:1], points) for area, lived, points in shape]  # it counted twice where two live
    with session.begin_nested() as undone:
        build(session, one_each, events, sizes=False)
        refresh(session, TODAY, NOW)
        found = {key: (value[0], value[1], value[5]) for key, value in stored(session).items()}
        assert found == live(session, FIRST, LAST)
        undone.rollback()


@anyhow
@given(shape=places, events=feeds, size=st.integers(1, 9))
def test_the_meters_that_lack_something_are_those_of_the_figures(
    session: Session, shape: Any, events: Any, size: int
) -> None:
    with session.begin_nested() as undone:
        build(session, shape, events)
        refresh(session, TODAY, NOW)
        some = [LAST - back * DAY for back in range(size)][::-1]
        known = completeness(session, some)
        count, late = late_meters(session, some, limit=100)
        assert count == len(late)
        assert sum(one.missing for one in late) == known.lacking
        assert all(some[0] <= one.since <= one.until <= some[-1] for one in late)
        for row in known.rows:
            mine = late_meters(session, some, area=row.area_id or 0, segment=row.segment, limit=100)[1]
            assert sum(one.missing for one in mine) == sum(day.lacking for day in row.days if day)
        undone.rollback()


@anyhow
@given(shape=places, events=feeds)
def test_a_customer_s_odd_days_are_what_a_look_at_every_array_said_before(
    session: Session, shape: Any, events: Any
) -> None:
    with session.begin_nested() as undone:
        build(session, shape, events)
        refresh(session, TODAY, NOW)
        for customer in session.scalars(text("select id from customers")).all():
            found = odd_channel_days(session, customer, FIRST, TODAY)
            told = [(one.code, one.channel_id, one.first, one.kind, one.readings) for one in found]
            assert told == live_odd(session, customer, FIRST, TODAY)
        undone.rollback()


@pytest.fixture
def world(session: Session) -> CompletenessWorld:
    return CompletenessWorld(session)


def test_counting_again_changes_nothing(session: Session, world: CompletenessWorld) -> None:
    (channel,) = world.point(world.place("Moorside", [("household", FIRST, None)]), [0])
    world.feed(moment(LAST), [(channel, LAST - DAY, version(moment(LAST), holes=3))])
    assert refresh(session, TODAY, NOW) == 1
    before = stored(session)
    assert refresh(session, TODAY, NOW) == 0 and stored(session) == before
    recount(session, TODAY, NOW)
    assert stored(session) == before


def test_what_stood_at_the_deadline_was_not_late(session: Session, world: CompletenessWorld) -> None:
    """A correction after the deadline makes nothing late that was read in time; a reading in the place of an
    estimate is late."""
    first, second = world.point(world.place("Moorside", [("household", FIRST, None)]), [0, 0])
    in_time, after = moment(LAST), moment(LAST, 12) + timedelta(seconds=1)
    day = LAST - DAY
    world.feed(
        in_time, [(first, day, version(in_time, holes=8)), (second, day, version(in_time, guessed=48))]
    )
    world.feed(after, [(first, day, version(after)), (second, day, version(after, guessed=20))])
    refresh(session, TODAY, NOW)
    assert stored(session)["Moorside", "household", day] == (96, 96, 8 + 28, 20, 1, 0)


def test_a_channel_that_goes_over_to_another_interval(session: Session, world: CompletenessWorld) -> None:
    (channel,) = world.point(world.place("", [("household", FIRST, None)]), [0])
    world.feed(moment(LAST), [(channel, LAST - back * DAY, version(moment(LAST))) for back in (7, 6, 4)])
    refresh(session, TODAY, NOW)
    world.feed(moment(LAST), [(channel, LAST - 2 * DAY, version(moment(LAST), 96))])
    refresh(session, TODAY, NOW)
    owed = {key[2]: value[:2] for key, value in stored(session).items()}
    assert owed[LAST - 7 * DAY] == (48, 48) and owed[LAST - 5 * DAY] == (96, 0)
    assert owed[LAST - 2 * DAY] == (96, 96) and owed[LAST] == (96, 0)


def test_days_too_old_or_still_to_come_are_not_told_apart(session: Session, world: CompletenessWorld) -> None:
    (channel,) = world.point(world.place("", [("household", date(2020, 1, 1), None)]), [0])
    at = moment(TODAY)
    odd = [TODAY - 400 * DAY, TODAY - (DAYS_KEPT + 5) * DAY, TODAY + 300 * DAY]
    world.feed(at, [(channel, day, version(at, holes=1)) for day in odd])
    refresh(session, TODAY, NOW)
    assert session.scalar(text("select count(*) from odd_days")) == 0
    span = session.execute(text("select first_day, last_day from channel_spans")).one()
    assert tuple(span) == (odd[0], odd[1])
    recount(session, TODAY, NOW)
    assert session.scalar(text("select last_day from channel_spans")) == odd[1]


def test_nobody_counted_yet(session: Session, world: CompletenessWorld) -> None:
    assert completeness(session, [LAST]).computed_at is None
    refresh(session, TODAY, NOW)
    assert completeness(session, [LAST]).computed_at == NOW


def test_whoever_does_not_wait_leaves_it_to_the_one_who_counts(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    with Session(engine) as first, Session(engine) as second:
        assert refresh(first, TODAY, NOW) == 0
        assert refresh(second, TODAY, NOW, wait=False) is None
        first.commit()
        assert refresh(second, TODAY, NOW, wait=False) == 0
    engine.dispose()


def test_counting_does_not_wait_for_a_feed_under_way(fresh_database_url: str) -> None:
    """A feed holds its channels until it is in; others' days are counted meanwhile."""
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        world = CompletenessWorld(session)
        (channel,) = world.point(world.place("", [("household", FIRST, None)]), [0])
        world.feed(moment(LAST), [(channel, LAST - DAY, version(moment(LAST), holes=3))])
    with Session(engine) as ingest, Session(engine) as counting:
        ingest.execute(text("select id from channels for update"))
        counting.execute(text("set local lock_timeout = '5s'"))
        assert refresh(counting, TODAY, NOW) == 1
    engine.dispose()


def test_the_clock_counts_what_came_and_adds_up_when_it_is_old(
    session: Session, world: CompletenessWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_AS_OF", TODAY.isoformat())
    knobs.cache_clear()
    (channel,) = world.point(world.place("", [("household", FIRST, None)]), [0])
    world.feed(moment(LAST), [(channel, LAST - DAY, version(moment(LAST)))])
    assert count_days(session, NOW) == "1 feeds counted, and added up"
    assert count_days(session, NOW + timedelta(minutes=1)) == "nothing came"
    assert count_days(session, NOW + timedelta(minutes=16)) == "0 feeds counted, and added up"
    assert count_days_anew(session, NOW) == "1 days of channels counted anew"
    knobs.cache_clear()
