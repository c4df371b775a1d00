"""Every room of the demo utility has something to look at."""

from __future__ import annotations

from demo_world import AS_OF
from sqlalchemy import Connection

from tests.db.demo.test_built import one, rows


def test_every_room_has_something_to_look_at(demo: Connection) -> None:
    """What is of today was before now (eight in the morning, in tests), and each queue has an entry."""
    assert one(demo, "select count(*) from duplicate_pairs where state = 'open'") == 3
    assert one(demo, "select count(*) from outages where not planned and state = 'estimated'") == 1
    stuck = dict(
        rows(demo, "select state, count(*) from outbox where state in ('dead', 'parked') group by 1")
    )
    assert stuck.get("dead", 0) > 0
    assert one(demo, "select count(*) from outbox where channel = 'letter' and notice = 'planned_outage'") > 0
    for login in ("priya", "owen", "greta"):
        tasks = "select count(*) from tasks t join users u on u.id = t.assignee_id where u.login = :login"
        assert one(demo, tasks, login=login) > 1
    morning = f"{AS_OF.isoformat()} 08:00 Europe/London"
    today = "select count(*) from tickets where opened_at >= cast(:day as date) and opened_at <= :now"
    assert one(demo, today, day=AS_OF, now=morning) > 10
    later = "select count(*) from ticket_messages where at > cast(:now as timestamptz)"
    assert one(demo, later, now=morning) == 0
    staged = "select count(distinct stage) from complaints c join tickets t on t.id = c.ticket_id"
    assert one(demo, f"{staged} where t.team_id is null") == 0
