"""What is known of channels that are judged: unit, standard time, segment, limit and own history."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from sqlalchemy.orm import Session

from meters.domain.decimals import IntArray
from meters.domain.validation.quick import Channels
from meters.domain.validation.rulebook import DEFAULT, SEGMENTS
from utility_crm.kit.driver import driver_cursor

# A channel's segment is that of whoever lives at its premise now, or moves in next.
_FACTS = """
select c.id, c.unit = 'm3', c.direction = 'export', c.offset_minutes, coalesce(l.micro_an_hour, 0),
       coalesce(p.days, 0), coalesce(cardinality(p.shape), 0), coalesce(p.most, 0),
       coalesce(p.median_day, 0), coalesce(p.longest_run, 0), coalesce(o.segment, '')
from channels c
join service_points s on s.id = c.service_point_id
left join channel_limits l on l.channel_id = c.id
left join channel_profiles p on p.channel_id = c.id
left join lateral (
    select u.segment from occupancies o
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    where o.premise_id = s.premise_id order by o.starts_on desc limit 1
) o on true
where c.id = any(%s::bigint[]) order by c.id
"""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Channels by id, ascending. intervals: int64 (c,), of a day of their history, 0 without one."""

    channel_id: IntArray
    intervals: IntArray
    known: Channels

    def of(self, channel_id: IntArray, size: int) -> Channels:
        """Rows for days of `size` intervals of these channels, all of which must be known. A history at
        another interval is none."""
        place = np.searchsorted(self.channel_id, channel_id)
        found = {field.name: getattr(self.known, field.name)[place] for field in fields(Channels)}
        found["history"] = np.where(self.intervals[place] == size, found["history"], 0)
        return Channels(**found)

    def has(self, channel_id: IntArray) -> npt.NDArray[np.bool_]:
        """bool, for each of some channels: whether it is here."""
        found: npt.NDArray[np.bool_] = np.isin(channel_id, self.channel_id)
        return found


def channel_facts(session: Session, channel_ids: IntArray) -> Facts:
    """Of those channels that exist."""
    with driver_cursor(session, binary=True) as cursor:
        rows = cursor.execute(_FACTS, (channel_ids.tolist(),)).fetchall()
    places = {name: place for place, name in enumerate(SEGMENTS)}
    columns = list(zip(*rows, strict=True)) if rows else [()] * 11
    numbers = [np.array(column, dtype=np.int64) for column in columns[:10]]
    channel_id, cubic, export, offset, limit, days, size, most, median, run = numbers
    segment = np.array([places.get(name, DEFAULT) for name in columns[10]], dtype=np.intp)
    kinds = cubic.astype(np.bool_), export.astype(np.bool_)
    known = Channels(segment, *kinds, offset, limit, days, most, median, run)
    return Facts(channel_id, size, known)


def both(one: Facts, other: Facts) -> Facts:
    """Two sets of facts, of different channels, as one."""
    channel_id = np.concatenate([one.channel_id, other.channel_id])
    order = np.argsort(channel_id)
    known = {
        field.name: np.concatenate([getattr(one.known, field.name), getattr(other.known, field.name)])[order]
        for field in fields(Channels)
    }
    sizes = np.concatenate([one.intervals, other.intervals])[order]
    return Facts(channel_id[order], sizes, Channels(**known))
