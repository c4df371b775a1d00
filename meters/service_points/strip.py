"""The last days of a service point's channels: which were whole, from what was counted of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness.figures import Share
from meters.service_points.channels import PointChannel

DAYS_SHOWN = 60
_READINGS_OWED = 48

_ODD = text("""
select channel_id, day, expected, received, late, estimated
from odd_days where channel_id = any(:channels) and day between :first and :last
""")
_LIVED = text("""
select distinct d.day from service_points s
join occupancies o on o.premise_id = s.premise_id
cross join lateral (
    select cast(g as date) as day
    from generate_series(greatest(o.starts_on, :first), least(o.ends_before - 1, :last), interval '1 day') g
) d
where s.id = :point_id and o.starts_on <= :last and (o.ends_before is null or o.ends_before > :first)
""")


@dataclass(frozen=True, slots=True)
class DayMark:
    """One day of one channel. `owed`: somebody was supplied there on it; what came is shown in any case."""

    channel: PointChannel
    day: date
    share: Share
    owed: bool

    @property
    def odd(self) -> bool:
        """Something of it is missing, late or estimated."""
        one = self.share
        return (self.owed and one.lacking > 0) or one.late > 0 or one.estimated > 0


def days_strip(
    session: Session, point_id: int, channels: Sequence[PointChannel], today: date
) -> list[list[DayMark]]:
    """A list of days for each channel, until yesterday. In two queries."""
    days = [today - timedelta(days=back) for back in range(DAYS_SHOWN, 0, -1)]
    asked = {
        "first": days[0],
        "last": days[-1],
        "point_id": point_id,
        "channels": [one.id for one in channels],
    }
    odd = {(row.channel_id, row.day): row for row in session.execute(_ODD, asked)}
    lived = set(session.scalars(_LIVED, asked))
    return [
        [DayMark(one, day, _share(one, day, odd.get((one.id, day))), day in lived) for day in days]
        for one in channels
    ]


def _share(channel: PointChannel, day: date, row: object) -> Share:
    usual = channel.readings or _READINGS_OWED
    if row is not None:
        expected = getattr(row, "expected", None) or usual
        received, late = getattr(row, "received", 0), getattr(row, "late", 0)
        return Share(expected, received, int(received < expected), late, getattr(row, "estimated", 0))
    inside = channel.first_day is not None and channel.first_day <= day <= (channel.last_day or day)
    return Share(usual, usual if inside else 0, int(not inside))
