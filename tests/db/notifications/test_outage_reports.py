"""Outages told by files and machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.outages.api import push_outage
from notifications.outages.reports import import_reports
from notifications.tables import Outage, OutageEvent
from utility_crm.auth.tokens import bearer_of, make_token
from utility_crm.auth.tokens_answers import Answer
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.web.pushed import push_once

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = "reference,node,state,starts_at,estimated_at,restored_at,reason\n"


def imported(session: Session, *lines: str) -> tuple[int, int, int, list[tuple[int, str]]]:
    done = import_reports(session, (HEAD + "\n".join(lines)).encode(), NOW)
    return done.opened, done.changed, done.unchanged, [(one.line, one.code) for one in done.problems]


def test_a_file_opens_moves_on_and_again_changes_nothing(session: Session, town: Any) -> None:
    first = "S-1,A-W,confirmed,2026-11-20T11:00:00+00:00,,,a tree"
    assert imported(session, first) == (1, 0, 0, [])
    assert imported(session, first) == (0, 0, 1, [])
    later = "S-1,A-W,estimated,2026-11-20T11:00:00+00:00,2026-11-20T15:00:00+00:00,,"
    over = "S-1,A-W,closed,2026-11-20T11:00:00+00:00,,2026-11-20T11:50:00+00:00,"
    assert imported(session, later, over, over) == (0, 2, 1, [])
    row = session.scalars(select(Outage)).one()
    assert (row.state, row.restored_at, row.source) == (
        "closed",
        datetime(2026, 11, 20, 11, 50, tzinfo=UTC),
        "import",
    )
    events = session.scalars(select(OutageEvent.kind).order_by(OutageEvent.id)).all()
    assert events == ["confirmed", "estimated", "restored", "closed"]


def test_bad_lines_are_named_and_the_others_kept(session: Session, town: Any) -> None:
    assert imported(
        session,
        "S-1,A-W,confirmed,2026-11-20T11:00:00+00:00,,,",
        "S-2,nowhere,confirmed,2026-11-20T11:00:00+00:00,,,",
        "S-3,A-W,gone,2026-11-20T11:00:00+00:00,,,",
        "S-4,A-W,confirmed,2026-11-20T11:00:00,,,",
        "S-5,A-W,estimated,2026-11-20T11:00:00+00:00,,,",
        "S-6,A-W,restored,2026-11-20T11:00:00+00:00,,,",
        "S-7,A-W,confirmed,2026-11-20T13:00:00+00:00,,,",
    ) == (
        1,
        0,
        0,
        [
            (3, "no_such_node"),
            (4, "state"),
            (5, "no_zone"),
            (6, "no_estimate"),
            (7, "restored_when"),
            (8, "not_begun"),
        ],
    )
    assert session.scalar(select(func.count(Outage.id))) == 1
    elsewhere = import_reports(
        session, f"{HEAD}S-2,nowhere,confirmed,2026-11-20T11:00:00+00:00,,,".encode(), NOW
    )
    assert [one.message for one in elsewhere.problems] == ["there is no such place in the network: nowhere"]


def test_a_machine_tells_once_a_key(session: Session, town: Any) -> None:
    made = make_token(session, "scada", ["outages:write"], NOW)
    sender = bearer_of(session, made.token, NOW)
    assert sender is not None
    told = {"reference": "S-1", "node": "A-W", "state": "confirmed", "starts_at": "2026-11-20T11:00:00Z"}
    body = json.dumps(told).encode()

    def taken(key: str, body: bytes) -> Answer:
        return push_once(session, sender, key, body, NOW, "report", push_outage)

    first = taken("k1", body)
    assert (first.status, json.loads(first.body)["became"]) == (201, "opened")
    assert taken("k1", body) == first
    again = taken("k2", body)
    assert (again.status, json.loads(again.body)["became"]) == (200, "unchanged")
    with pytest.raises(Conflict):
        taken("k1", body + b" ")
    for wrong in (b"[]", b"{", b"[" * 100_000, json.dumps(told | {"colour": "red"}).encode()):
        with pytest.raises(Invalid):
            taken("k3", wrong)
    assert session.scalar(select(func.count(Outage.id))) == 1


def test_another_node_corrects_the_area(session: Session, town: Any) -> None:
    assert imported(session, "S-1,A-W,confirmed,2026-11-20T11:00:00+00:00,,,") == (1, 0, 0, [])
    assert imported(session, "S-1,A-E,confirmed,2026-11-20T11:00:00+00:00,,,") == (0, 1, 0, [])
    assert session.scalars(select(Outage.node_id)).one() == town.east
