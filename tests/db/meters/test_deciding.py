"""Findings decided: accepted, estimated, edited; what was there stays known, and as it was known before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.actions import TakenFeed, ingest
from meters.domain.quality import Quality
from meters.findings.deciding import accept_findings, estimate_findings
from meters.findings.editing import edit_day
from meters.findings.queries import decided_findings, finding, waiting_counts, waiting_findings
from meters.usage import settle_readings, usage
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound

NOW = datetime(2024, 6, 30, 9, tzinfo=UTC)
ORDINARY = [0.2 + place / 100 for place in range(48)]
WEEKS = [JUNE + timedelta(days=day) for day in range(28)]


@pytest.fixture
def user(session: Session) -> int:
    sana = User(login="sana", name="Sana Whitcombe", role="ops", password_hash="nobody's")
    session.add(sana)
    session.flush()
    return sana.id


@pytest.fixture
def sent(session: Session, tmp_path: Path) -> Callable[..., TakenFeed]:
    names = iter(range(1000))

    def taken(*days: tuple[str, date, Sequence[object]], **more: str) -> TakenFeed:
        return ingest(session, csv_file(tmp_path, f"{next(names)}.csv", *days, **more))

    return taken


def spiked(value: float = 9999, at: int = 3) -> list[object]:
    return [*ORDINARY[:at], value, *ORDINARY[at + 1 :]]


def holed(first: int, end: int) -> list[object]:
    return [*ORDINARY[:first], *[None] * (end - first), *ORDINARY[end:]]


def only(session: Session) -> Any:
    [row] = waiting_findings(session)[1]
    return row


def readings(session: Session, day: date, known_at: datetime | None = None) -> Any:
    channel = session.scalar(text("select id from channels"))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    [table] = usage(session, [channel], start, start + timedelta(days=1), known_at)
    return table


def test_accepted_changes_nothing_but_the_finding(session: Session, user: int, sent, counts) -> None:
    sent(("SP1", JUNE, spiked()))
    before = readings(session, JUNE).micro.tolist()
    row = only(session)
    done = accept_findings(session, [row.id], user_id=user, reason=" A test of the line. ", now=NOW)
    assert done.done == (row.id,) and waiting_counts(session).all == 0
    kept = finding(session, row.id)
    assert (kept.state, kept.decided_by, kept.decided_at) == ("accepted", "Sana Whitcombe", NOW)
    assert kept.reason == "A test of the line."
    assert readings(session, JUNE).micro.tolist() == before and counts("feeds") == 1
    assert [one.id for one in decided_findings(session, row.channel_id)] == [row.id]


def test_an_estimate_is_written_as_one_and_what_was_there_stays_known(
    session: Session, user: int, sent, counts
) -> None:
    sent(*(("SP1", day, ORDINARY) for day in WEEKS if day != WEEKS[10]), ("SP1", WEEKS[10], spiked()))
    before = settle_readings(session)
    row = only(session)
    done = estimate_findings(session, [row.id], user_id=user, reason="A faulty pulse.", now=NOW)
    assert done == type(done)((row.id,), ())
    now = readings(session, WEEKS[10])
    assert now.micro[0, 3] == 230_000, "half-way between 0.22 and 0.24"
    assert now.estimated[0].nonzero()[0].tolist() == [3]
    then = readings(session, WEEKS[10], before)
    assert then.micro[0, 3] == 9_999_000_000 and not then.estimated.any()
    kept = finding(session, row.id)
    assert kept.state == "estimated"
    feed = session.execute(
        text("select source, rule, reason, user_id from feeds where id = :id"), {"id": kept.decided_feed_id}
    ).one()
    assert tuple(feed) == ("estimate", "linear", "A faulty pulse.", user)
    quality = session.scalar(text("select qualities[4] from blocks where day = :day"), {"day": WEEKS[10]})
    assert quality == Quality.ESTIMATED and counts("block_history") == 1


def test_a_long_gap_takes_like_days(session: Session, user: int, sent) -> None:
    sent(*(("SP1", day, holed(10, 40) if day == WEEKS[12] else ORDINARY) for day in WEEKS))
    row = only(session)
    assert row.rule == "missing" and row.intervals == 30
    estimate_findings(session, [row.id], user_id=user, reason="The link was down.", now=NOW)
    table = readings(session, WEEKS[12])
    assert not table.missing.any() and table.estimated.sum() == 30
    assert table.micro[0].tolist() == [round(value * 1e6) for value in ORDINARY], "the days are all alike"


def test_one_estimate_puts_two_findings_right(session: Session, user: int, sent) -> None:
    """What doubts the same interval for another reason is true no more."""
    sent(*(("SP1", day, ORDINARY) for day in WEEKS[:20]))
    sent(("SP1", WEEKS[10], spiked()))
    _count, rows = waiting_findings(session)
    assert [row.rule for row in rows] == ["above_capacity", "overlap"]
    estimate_findings(session, [rows[0].id], user_id=user, reason="A pulse.", now=NOW)
    assert [finding(session, row.id).state for row in rows] == ["estimated", "superseded"]


def test_readings_of_another_unit_come_back_in_theirs(session: Session, user: int, sent, held) -> None:
    sent(*(("SP1", day, ORDINARY) for day in WEEKS[:20]))
    session.execute(
        text(
            "insert into channel_profiles select id, '2024-06-20', 20, array_fill(400000::bigint, array[48]),"
            " 670000, 20880000, 1, 0 from channels"
        )
    )
    watt_hours = [round(value * 1000) for value in ORDINARY]
    sent(("SP1", WEEKS[20], watt_hours), ("SP1", WEEKS[21], watt_hours))
    row = only(session)
    assert (row.rule, row.first_day, row.last_day) == ("unit_mismatch", WEEKS[20], WEEKS[21])
    estimate_findings(session, [row.id], user_id=user, reason="Sent in Wh.", now=NOW)
    assert held("SP1", WEEKS[21]) == [round(value * 1e6) for value in ORDINARY]
    rule = session.scalar(text("select rule from feeds where source = 'estimate'"))
    assert rule == "other_unit" and waiting_counts(session).all == 0


def test_several_at_once_and_those_that_cannot(session: Session, user: int, sent) -> None:
    sent(*(("SP1", day, spiked() if day == WEEKS[3] else ORDINARY) for day in WEEKS))
    sent(("SP2", JUNE, spiked()), ("SP3", JUNE, [9999] * 48))
    _count, found = waiting_findings(session, rule="above_capacity")
    rows = {row.code: row.id for row in found}
    session.execute(text("update findings set rule = 'future' where id = :id"), {"id": rows["SP2"]})
    done = estimate_findings(session, sorted(rows.values()), user_id=user, reason="Pulses.", now=NOW)
    assert done.done == (rows["SP1"],)
    refused = {finding_id: error.code for finding_id, error in done.refused}
    assert refused == {rows["SP2"]: "not_estimable", rows["SP3"]: "nothing_to_estimate_from"}
    again = accept_findings(session, [rows["SP1"], 10**9], user_id=user, reason="Late.", now=NOW)
    assert [error.code for _id, error in again.refused] == ["decided", "no_such_finding"]


def test_an_edit_is_a_substitute_and_other_days_stay_open(session: Session, user: int, sent, held) -> None:
    sent(*(("SP1", day, spiked() if day in WEEKS[4:7] else ORDINARY) for day in WEEKS[:9]))
    before = settle_readings(session)
    row = only(session)
    feed_id = edit_day(
        session, row.id, WEEKS[5], {3: 250_000}, user_id=user, reason="Read at the meter.", now=NOW
    )
    day = held("SP1", WEEKS[5])
    assert day[3] == 250_000 and day[:3] == [200_000, 210_000, 220_000]
    table = readings(session, WEEKS[5])
    assert table.estimated[0].nonzero()[0].tolist() == [3]
    quality = session.scalar(text("select qualities[4] from blocks where day = :day"), {"day": WEEKS[5]})
    assert quality == Quality.SUBSTITUTED
    assert readings(session, WEEKS[5], before).micro[0, 3] == 9_999_000_000
    left = [(one.first_day, one.last_day) for one in waiting_findings(session)[1]]
    assert left == [(WEEKS[6], WEEKS[6]), (WEEKS[4], WEEKS[4])]
    [decided] = decided_findings(session, row.channel_id)
    assert (decided.state, decided.first_day, decided.reason) == ("edited", WEEKS[5], "Read at the meter.")
    assert decided.decided_feed_id == feed_id and decided.decided_by == "Sana Whitcombe"


def test_a_reading_can_be_taken_away(session: Session, user: int, sent, held) -> None:
    sent(("SP1", JUNE, spiked()), quality="estimated")
    edit_day(session, only(session).id, JUNE, {3: None}, user_id=user, reason="No such day.", now=NOW)
    assert held("SP1", JUNE)[3] is None and held("SP1", JUNE)[4] == 240_000
    assert session.scalar(text("select qualities[4:5] from blocks")) == [Quality.MISSING, Quality.ESTIMATED]
    assert only(session).rule == "missing", "and is missing then"


def test_what_is_refused_changes_nothing(session: Session, user: int, sent, held) -> None:
    sent(("SP1", JUNE, spiked()))
    row = only(session)
    by = {"user_id": user, "now": NOW}
    with pytest.raises(Invalid, match="Say why"):
        accept_findings(session, [row.id], reason="  ", **by)
    with pytest.raises(Invalid, match="zero or more"):
        edit_day(session, row.id, JUNE, {3: -1}, reason="x", **by)
    with pytest.raises(Invalid, match="48 intervals"):
        edit_day(session, row.id, JUNE, {48: 1}, reason="x", **by)
    with pytest.raises(NotFound, match="no day"):
        edit_day(session, row.id, WEEKS[1], {3: 1}, reason="x", **by)
    with pytest.raises(NotFound):
        edit_day(session, 10**9, JUNE, {3: 1}, reason="x", **by)
    done = estimate_findings(session, [row.id], reason="x", method="like_days", **by)
    assert [error.code for _id, error in done.refused] == ["nothing_to_estimate_from"]
    assert only(session).state == "open" and held("SP1", JUNE)[3] == 9_999_000_000
    accept_findings(session, [row.id], reason="x", **by)
    with pytest.raises(Conflict, match="decided this already"):
        edit_day(session, row.id, JUNE, {3: 1}, reason="x", **by)
