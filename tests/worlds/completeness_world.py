"""A small base of meters written block by block, and its completeness worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

DAY = timedelta(days=1)
Figures = tuple[int, int, int, int, int, int]
"""Expected, received, late, estimated, meters, meters short."""
# What completeness was before it was counted: every array opened, for every look. Its rule of what a channel
# owes (as many as it sent at most on one of these days) agrees where a channel keeps its interval.
LIVE = """
with recursive below (node_id, area) as (
    select id, name from network_nodes where parent_id is null
    union all
    select n.id, below.area from network_nodes n join below on n.parent_id = below.node_id
), supplied as (
    select s.id as point_id, s.code, coalesce(below.area, '') as area, u.segment, u.id as customer_id,
           greatest(o.starts_on, :first) as starts_on,
           least(coalesce(o.ends_before, :last + 1), :last + 1) as ends_before
    from service_points s
    join premises p on p.id = s.premise_id
    join occupancies o on o.premise_id = p.id
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    left join below on below.node_id = p.node_id
    where o.starts_on <= :last and coalesce(o.ends_before, :last + 1) > :first
), came as materialized (
    select channel_id, day, cardinality(micro) as size,
           case when array_position(micro, null) is null then cardinality(micro)
                else cardinality(micro) - cardinality(array_positions(micro, null)) end as present
    from blocks where day between :first and :last
), owed as (
    select s.*, c.id as channel_id, coalesce(m.size, 48) as size
    from supplied s
    left join channels c on c.service_point_id = s.point_id
    left join (select channel_id, max(size) as size from came group by 1) m on m.channel_id = c.id
), due as (
    select o.*, cast(d.day as date) as day, least(coalesce(came.present, 0), o.size) as present
    from owed o
    cross join lateral generate_series(o.starts_on, o.ends_before - 1, interval '1 day') as d(day)
    left join came on came.channel_id = o.channel_id and came.day = d.day
)
select area, segment, day, sum(size), sum(present), count(distinct point_id) filter (where present < size)
from due group by area, segment, day order by area, segment, day
"""


# What a customer's odd days were before they were counted, likewise.
LIVE_ODD = """
with mine as (
    select s.id as point_id, s.code, min(o.starts_on) as starts_on,
           max(coalesce(o.ends_before, 'infinity'::date)) as ends_before
    from accounts a
    join occupancies o on o.account_id = a.id
    join service_points s on s.premise_id = o.premise_id
    where a.customer_id = :customer_id group by s.id
), kept as materialized (
    select channel_id, day, cardinality(array_positions(micro, null)) as missing,
           case when quality > 1 then cardinality(micro) - cardinality(array_positions(micro, null))
                else (select count(*) from unnest(qualities, micro) r(q, m) where q > 1 and m is not null) end
               as guessed
    from blocks
    where channel_id = any(array(select c.id from mine join channels c on c.service_point_id = mine.point_id))
      and day between :first and :today
), due as (
    select c.id as channel_id, mine.code, cast(d.day as date) as day
    from mine join channels c on c.service_point_id = mine.point_id
    cross join lateral generate_series(greatest(mine.starts_on, :first),
                                       least(mine.ends_before, :today) - 1, interval '1 day') as d(day)
)
select due.code, due.channel_id, due.day,
       case when kept.channel_id is null then 'silent' when kept.missing > 0 then 'short'
            else 'estimated' end,
       case when kept.missing > 0 then kept.missing else coalesce(kept.guessed, 0) end
from due left join kept on kept.channel_id = due.channel_id and kept.day = due.day
where kept.channel_id is null or kept.missing > 0 or kept.guessed > 0
order by due.channel_id, due.day
"""


def live_odd(session: Session, customer_id: int, first: date, today: date) -> list[tuple[Any, ...]]:
    """Code, channel, day, kind and readings of a customer's odd days, from the arrays themselves."""
    given = {"customer_id": customer_id, "first": first, "today": today}
    return [tuple(row) for row in session.execute(text(LIVE_ODD), given)]


def live(session: Session, first: date, last: date) -> dict[tuple[str, str, date], tuple[int, int, int]]:
    """Expected, received and meters short, by area, segment and day, from the arrays themselves."""
    rows = session.execute(text(LIVE), {"first": first, "last": last})
    return {(row[0], row[1], row[2]): (int(row[3]), int(row[4]), row[5]) for row in rows}


@dataclass
class Place:
    """A premise with service points; who lives there when: (segment, first day, day before which)."""

    area: str
    points: list[list[int]] = field(default_factory=list)
    """The channels of each of its service points."""
    lived: list[tuple[str, date, date | None]] = field(default_factory=list)


@dataclass
class Version:
    """A day as a feed brought it."""

    received_at: datetime
    micro: list[int | None]
    codes: list[int]

    @property
    def measured(self) -> int:
        return sum(m is not None and c <= 1 for m, c in zip(self.micro, self.codes, strict=True))

    @property
    def present(self) -> int:
        return sum(m is not None for m in self.micro)


class CompletenessWorld:
    """Writes into a session, and remembers all it wrote."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.count = 0
        self.areas: dict[str, int] = {}
        self.places: list[Place] = []
        self.offsets: dict[int, int] = {}
        self.days: dict[tuple[int, date], list[Version]] = {}

    def place(self, area: str, lived: Sequence[tuple[str, date, date | None]]) -> Place:
        """A premise hung on a feeder of the area ("" for none), and those who live there."""
        made = Place(area, lived=list(lived))
        self.places.append(made)
        made_id = self._insert("premises", code=f"P{self._next()}", address="1 Row", timezone="UTC",
                               node_id=self._feeder(area) if area else None)  # fmt: skip
        for segment, first, before in lived:
            number = self._next()
            who = self._insert("customers", number=f"C{number}", kind="person", name=f"Who {number}",
                               segment=segment, since=first)  # fmt: skip
            account = self._insert("accounts", number=f"A{number}", customer_id=who, payer_id=who,
                                   cycle_day=1, currency="GBP", opened_on=first)  # fmt: skip
            self._insert("occupancies", account_id=account, premise_id=made_id, starts_on=first,
                         ends_before=before)  # fmt: skip
        made.premise_id = made_id  # type: ignore[attr-defined]
        return made

    def point(self, place: Place, offsets: Sequence[int]) -> list[int]:
        """A service point there, with a channel for each of these offsets; the channels."""
        code = f"SP{self._next():03}"
        point = self._insert("service_points", code=code, premise_id=place.premise_id)  # type: ignore[attr-defined]
        channels = [
            self._insert("channels", service_point_id=point, name=f"E{number}", unit="kWh",
                         direction="import", offset_minutes=offset)
            for number, offset in enumerate(offsets)
        ]  # fmt: skip
        self.offsets |= dict(zip(channels, offsets, strict=True))
        place.points.append(channels)
        return channels

    def feed(self, received_at: datetime, blocks: Sequence[tuple[int, date, Version]]) -> int:
        """A feed that brings these days, as the store writes them."""
        first, last = min(day for _, day, _ in blocks), max(day for _, day, _ in blocks)
        self.session.execute(
            text("select make_block_partitions(:first, :last)"), {"first": first, "last": last}
        )
        feed = self._insert("feeds", name=f"f{self._next()}.csv", sha256="", status="ok",
                            received_at=received_at)  # fmt: skip
        for channel, day, version in blocks:
            self._write(feed, channel, day, version)
            self.days.setdefault((channel, day), []).append(version)
        return feed

    def expected(self, first: date, last: date, late_after_hours: int) -> dict[Any, Figures]:
        """By area, segment and day: worked out one reading at a time."""
        found: dict[Any, list[int]] = {}
        for place in self.places:
            for number in range((last - first).days + 1):
                day = first + number * DAY
                segments = {s for s, start, end in place.lived if start <= day and (end is None or day < end)}
                for segment in segments:
                    figures = found.setdefault((place.area, segment, day), [0] * 6)
                    for channels in place.points:
                        self._point(figures, channels, day, late_after_hours)
        return {key: tuple(figures) for key, figures in found.items() if figures[4]}  # type: ignore[misc]

    def _point(self, figures: list[int], channels: list[int], day: date, late_after_hours: int) -> None:
        one = [self._channel(channel, day, late_after_hours) for channel in channels] or [(48, 0, 0, 0)]
        for place in range(4):
            figures[place] += sum(parts[place] for parts in one)
        figures[4] += 1
        figures[5] += any(parts[1] < parts[0] for parts in one)

    def _channel(self, channel: int, day: date, late_after_hours: int) -> tuple[int, int, int, int]:
        versions = self.days.get((channel, day))
        if versions is None:
            known = [one for other, one in self.days if other == channel]
            return (len(self.days[channel, max(known)][-1].micro) if known else 48, 0, 0, 0)
        now, then = versions[-1], 0
        time_up = datetime.combine(day + DAY, time(), UTC) - timedelta(minutes=self.offsets[channel])
        for one in versions:
            if one.received_at <= time_up + timedelta(hours=late_after_hours):
                then = one.measured
        return len(now.micro), now.present, max(0, now.measured - then), now.present - now.measured

    def _write(self, feed: int, channel: int, day: date, version: Version) -> None:
        one = version.codes[0] if len(set(version.codes)) == 1 else None
        values = {"feed": feed, "channel": channel, "day": day, "micro": version.micro, "quality": one,
                  "qualities": version.codes if one is None else None, "at": version.received_at}  # fmt: skip
        self.session.execute(
            text("""
                with written as (
                    insert into blocks as held (channel_id, day, micro, quality, qualities, feed_id)
                    values (:channel, :day, cast(:micro as bigint[]), cast(:quality as smallint),
                            cast(:qualities as smallint[]), :feed)
                    on conflict (channel_id, day) do update set micro = excluded.micro,
                        quality = excluded.quality, qualities = excluded.qualities, feed_id = excluded.feed_id
                    returning old.channel_id, old.day, old.micro, old.quality, old.qualities, old.feed_id
                )
                insert into block_history
                    (channel_id, day, micro, quality, qualities, feed_id, replaced_by, replaced_at)
                select w.*, :feed, :at from written w where w.channel_id is not null
            """),
            values,
        )

    def _feeder(self, area: str) -> int:
        if area not in self.areas:
            root = self._insert("network_nodes", code=f"{area}-root", name=area, kind="area")
            self.areas[area] = self._insert(
                "network_nodes", code=f"{area}-1", name=f"{area} 1", kind="feeder", parent_id=root
            )
        return self.areas[area]

    def _insert(self, table: str, **values: Any) -> int:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        made = self.session.scalar(
            text(f"insert into {table} ({names}) values ({marks}) returning id"), values
        )
        assert isinstance(made, int)
        return made

    def _next(self) -> int:
        self.count += 1
        return self.count
