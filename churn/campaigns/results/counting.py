"""Members counted by arm, segment and way: as they are today, or as they were kept when they were judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.audience import HANDED_OVER
from churn.campaigns.results.campaigned import Campaigned
from churn.campaigns.results.following import ACCEPTED, FOLLOWED, TAKEN, TWICE, followed
from churn.domain.campaigns.assigning import CONTROL

_COUNTS = text(f"""
    select m.arm, m.segment,
           case when o.id is not null then o.channel
                when {HANDED_OVER} then 'unknown' else '' end as channel,
           count(*) as customers,
           count(*) filter (where o.state = 'sent'
                   or o.id is null and {HANDED_OVER})
               as sent,
           count(*) filter (where o.receipt = 'read' or m.answered_via = 'link') as read,
           count(*) filter (where m.answer <> '' or twin.id is not null) as answered,
           count(*) filter (where {ACCEPTED}) as accepted, count(*) filter (where {TAKEN}) as taken,
           count(*) filter (where gone.found) as lost,
           count(*) filter (where m.not_sent <> '' and not ({HANDED_OVER})) as not_sent,
           cast(coalesce(sum(m.call_tries), 0) as bigint) as calls
    from campaign_members m
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    left join outbox o on o.key = 'campaign:' || :code || ':' || m.customer_id
    {TWICE} {FOLLOWED}
    where m.campaign_id = :id and m.arm <> ''
    group by 1, 2, 3 order by 1, 2, 3
""")
_KEEP = text("""
    insert into campaign_days (campaign_id, day, arm, customers, sent, read, answered, accepted, taken, lost,
        spent_minor)
    values (:id, :day, :arm, :customers, :sent, :read, :answered, :accepted, :taken, :lost, :spent)
    on conflict (campaign_id, day, arm) do update set customers = excluded.customers, sent = excluded.sent,
        read = excluded.read, answered = excluded.answered, accepted = excluded.accepted,
        taken = excluded.taken, lost = excluded.lost, spent_minor = excluded.spent_minor
""")
Key = TypeVar("Key")
PLANNED_PART = 0.9
"""Of each group as it was drawn: where fewer are left, the planned size is not reached."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A group: how many, and of them what became."""

    customers: int = 0
    sent: int = 0
    read: int = 0
    answered: int = 0
    accepted: int = 0
    taken: int = 0
    lost: int = 0
    not_sent: int = 0
    calls: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by (arm, segment, way)."""

    cells: Mapping[tuple[str, str, str], Counts]

    @property
    def by_arm(self) -> dict[str, Counts]:
        return self._summed(lambda arm, _segment, _way: arm)

    @property
    def by_segment(self) -> dict[tuple[str, str], Counts]:
        return self._summed(lambda arm, segment, _way: (arm, segment))

    @property
    def by_channel(self) -> dict[tuple[str, str], Counts]:
        return self._summed(lambda arm, _segment, way: (arm, way))

    def sized(self, one: Campaigned) -> bool:
        """Whether as many as planned are still there."""
        planned, found = one.planned.get("groups", {}), self.by_arm
        return bool(planned) and all(
            found.get(key, Counts()).customers >= PLANNED_PART * size for key, size in planned.items()
        )

    def document(self) -> list[dict[str, Any]]:
        """As `campaign_counts` keeps it."""
        return [
            {"arm": arm, "segment": segment, "channel": way, **asdict(counts)}
            for (arm, segment, way), counts in self.cells.items()
        ]

    def _summed(self, key: Callable[[str, str, str], Key]) -> dict[Key, Counts]:
        found: dict[Key, Counts] = {}
        for cell, counts in self.cells.items():
            found[key(*cell)] = found.get(key(*cell), Counts()) + counts
        return found


def counted(session: Session, one: Campaigned, today: date) -> Tally:
    """As they were judged, or else as they stand; one statement."""
    return counted_now(session, one, today) if one.kept_groups is None else _read(one.kept_groups)


def counted_now(session: Session, one: Campaigned, today: date) -> Tally:
    """As they stand on a day, whatever was judged."""
    if one.launched_at is None:
        return Tally({})
    rows = session.execute(_COUNTS, followed(one, today) | {"code": one.code}).mappings()
    return _read([dict(row) for row in rows])


def keep_day(session: Session, one: Campaigned, day: date, tally: Tally, spent_minor: int) -> None:
    """Keep how every group stands on the day; the same day again is put right."""
    given = [
        {
            "id": one.id, "day": day, "arm": arm, "customers": counts.customers,
            "sent": counts.sent, "read": counts.read, "answered": counts.answered,
            "accepted": counts.accepted, "taken": counts.taken, "lost": counts.lost,
            "spent": spent_minor if arm == CONTROL else 0,  # the campaign's, once
        }
        for arm, counts in tally.by_arm.items()
    ]  # fmt: skip
    if given:
        session.execute(_KEEP, given)


def _read(rows: Sequence[Mapping[str, Any]]) -> Tally:
    return Tally(
        {
            (row["arm"], row["segment"], row["channel"]): Counts(*(row[one.name] for one in fields(Counts)))
            for row in rows
        }
    )
