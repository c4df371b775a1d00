"""What a database holds of readings, without the numbers of its sequences, so that two can be compared."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

# Feeds are known by the place of their hash, so that a feed taken twice or in another order is still itself.
_STATE = {
    "blocks": """
        select s.code, c.name, c.unit, c.direction, c.offset_minutes, b.day, b.micro, b.quality, b.qualities,
               b.line, b.member, f.sha256
        from blocks b
        join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id
        join feeds f on f.id = b.feed_id
    """,
    "block_history": """
        select s.code, c.name, b.day, b.micro, b.quality, b.qualities, b.line, b.member, f.sha256,
               r.sha256 as replaced_by, b.replaced_at = r.received_at as at_its_time
        from block_history b
        join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id
        join feeds f on f.id = b.feed_id join feeds r on r.id = b.replaced_by
    """,
    "block_remarks": """
        select s.code, c.name, b.day, b.first, b."end", b.method, b.reason_code, b.reason, f.sha256
        from block_remarks b
        join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id
        join feeds f on f.id = b.feed_id
    """,
    "findings": """
        select s.code, c.name, b.rule, b.first_day, b.last_day, b.severity, b.detail, b.state, f.sha256
        from findings b
        join channels c on c.id = b.channel_id join service_points s on s.id = c.service_point_id
        left join feeds f on f.id = b.feed_id
    """,
    "channels": """
        select s.code, c.name from service_points s left join channels c on c.service_point_id = s.id
    """,
    "feeds": """
        select sha256, name, status, readings, blocks_added, blocks_changed, blocks_unchanged, problems,
               members
        from feeds where repeat_of is null
    """,
}


def stored_state(session: Session | Connection) -> dict[str, tuple[int, str | None]]:
    """For each table: how many rows, and a hash of them all."""
    state = {}
    for name, select in _STATE.items():
        rows = f"select md5(row(x.*)::text) as one from ({select}) x"
        found = session.execute(
            text(f"select count(*), md5(string_agg(one, '' order by one)) from ({rows}) y")
        )
        count, digest = found.one()
        state[name] = (count, digest)
    return state
