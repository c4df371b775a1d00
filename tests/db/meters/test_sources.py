"""Sources are learned from the names and times of feeds; a silence is told once, and ends when it ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.sources import feed_sources, learn_sources, set_source, source_counts
from meters.sources.actions import patience
from meters.sources.jobs import watch_sources
from utility_crm.kit.errors import Invalid, NotFound

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def came(session: Session, *feeds: tuple[str, datetime], status: str = "ok", source: str = "file") -> None:
    for name, at in feeds:
        session.execute(
            text(
                "insert into feeds (name, sha256, status, received_at, source) "
                "values (:name, '', :status, :at, :source)"
            ),
            {"name": name, "at": at, "status": status, "source": source},
        )


def daily(name: str, until: datetime, days: int = 10) -> Iterable[tuple[str, datetime]]:
    """A file a day at about the same time; {day} in the name is the day before it came."""
    for back in range(days, -1, -1):
        at = until - back * DAY + timedelta(minutes=7 * back % 5)
        yield name.format(day=(at - DAY).date(), plain=f"{at:%Y%m%d}", number=417 - back), at


def learned(session: Session, now: datetime = NOW) -> dict[str, int | None]:
    learn_sources(session, now)
    return {one.pattern: one.every_hours for one in feed_sources(session)}


MORNING = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("moorside-3_{day}.csv", "moorside-3_#.csv"),
        ("moorside-3_{day}_0430.csv", "moorside-3_#.csv"),
        ("80020_7701234567_{plain}_{number}_1.xml", "#_#_#_#_#.xml"),
        ("export_{number}.csv", "export_#.csv"),
        ("always.csv", "always.csv"),
        ("MDP{plain}043000.zip", "MDP#.zip"),
    ],
)
def test_names_of_one_source(session: Session, name: str, pattern: str) -> None:
    came(session, *daily(name, MORNING))
    assert learned(session) == {pattern: 24}


def test_collectors_that_differ_by_a_number_are_sources_of_their_own(session: Session) -> None:
    came(session, *daily("moor-1_{day}.csv", MORNING), *daily("moor-2_{day}.csv", MORNING - 2 * DAY))
    assert learned(session) == {"moor-1_#.csv": 24, "moor-2_#.csv": 24}
    counts = source_counts(session, NOW)
    assert (counts.regular, counts.late, counts.silent_since) == (2, 1, MORNING - 2 * DAY)
    assert [one.pattern for one in feed_sources(session) if one.late(NOW)] == ["moor-2_#.csv"]


def test_few_refused_and_irregular_files_make_no_rule(session: Session) -> None:
    came(session, *daily("few_{day}.csv", MORNING, days=3))
    came(session, *daily("bad_{day}.csv", MORNING), status="rejected")
    came(session, *daily("edit_{day}.csv", MORNING), source="edit")
    by_hand = [1, 2, 4, 5, 90, 91, 93, 160]
    came(session, *[(f"hand_{hours:05}.csv", NOW - timedelta(hours=hours)) for hours in by_hand])
    assert learned(session) == {"few_#.csv": None, "hand_#.csv": None}
    assert source_counts(session, NOW + 30 * DAY).late == 0


def test_many_files_at_once_are_one_delivery(session: Session) -> None:
    for back in range(6):
        at = MORNING - back * 12 * HOUR
        meters = [(f"meter_{n}_{at:%Y%m%d%H%M}.csv", at + timedelta(seconds=n)) for n in (10, 11)]
        came(session, *meters)
    assert set(learned(session).values()) == {12}


def test_a_feed_that_rests_at_weekends_is_missed_after_its_longest_rest(session: Session) -> None:
    weekdays = [at for _, at in daily("x", MORNING, days=40) if at.weekday() < 5]
    came(session, *[(f"office_{at.date()}.csv", at) for at in weekdays])
    assert learned(session) == {"office_#.csv": 72}


def test_ops_is_told_once_of_a_silence_and_anew_of_the_next(session: Session) -> None:
    def letters() -> list[str]:
        return list(session.scalars(text("select subject || ': ' || text from staff_mail order by id")))

    came(session, *daily("moor-3_{day}.csv", MORNING - 2 * DAY))
    assert watch_sources(session, NOW) == "1 feeds became late, 1 letters"
    assert watch_sources(session, NOW + HOUR) == "no feed became late"
    (first,) = letters()
    assert first.startswith(
        "A feed is late: moor-3_#.csv: moor-3_#.csv comes every 24 hours and has not come"
    )
    assert "for 58: the last was moor-3_2026-11-17.csv, on 18 Nov at 04:30." in first
    came(session, ("moor-3_2026-11-19.csv", NOW))
    assert watch_sources(session, NOW + HOUR) == "no feed became late"
    assert [one.told_at for one in feed_sources(session)] == [None]
    assert watch_sources(session, NOW + 40 * HOUR) == "1 feeds became late, 1 letters"
    assert len(letters()) == 2


def test_several_late_feeds_are_one_letter(session: Session) -> None:
    for number in range(3):
        came(session, *daily(f"moor-{number}_{{day}}.csv", MORNING - 2 * DAY))
    assert watch_sources(session, NOW) == "3 feeds became late, 1 letters"
    assert session.scalar(text("select subject from staff_mail")) == (
        "3 feeds are late: moor-0_#.csv and others"
    )


def test_what_a_person_said_stays(session: Session) -> None:
    came(session, *daily("moor_{day}.csv", MORNING - DAY))
    learn_sources(session, NOW)
    (source,) = feed_sources(session)
    assert source.late(NOW) and source.expected_by == source.received_at + 30 * HOUR
    set_source(session, source.id, every_hours=" 72 ", muted=False)
    came(session, ("moor_2026-11-19.csv", MORNING))
    learn_sources(session, NOW)
    (source,) = feed_sources(session)
    assert (source.every_hours, source.set_by_hand) == (72, True)
    assert source.expected_by == MORNING + 72 * HOUR + patience(72) == MORNING + 90 * HOUR
    set_source(session, source.id, every_hours="", muted=True)
    learn_sources(session, NOW)
    (source,) = feed_sources(session)
    assert (source.every_hours, source.set_by_hand, source.muted) == (24, False, True)
    assert watch_sources(session, NOW + 9 * DAY) == "no feed became late"


@pytest.mark.parametrize("hours", ["0", "-1", "2.5", "x", "99999", "²"])
def test_hours_that_are_none_are_refused(session: Session, hours: str) -> None:
    came(session, ("a.csv", MORNING))
    learn_sources(session, NOW)
    with pytest.raises(Invalid):
        set_source(session, feed_sources(session)[0].id, every_hours=hours, muted=False)
    with pytest.raises(NotFound):
        set_source(session, 0, every_hours="24", muted=False)
