"""A channel's readings of a span, now or as they were known at an instant, as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from meters.domain.decimals import decimal_text
from meters.findings.channels import NamedChannel
from meters.usage import UsageTable, usage


@dataclass(frozen=True, slots=True, eq=False)
class KnownUsage:
    """One channel's intervals; `row` is its place in the table. None where nothing was known of it."""

    channel: NamedChannel
    table: UsageTable | None
    row: int

    def document(self) -> dict[str, Any]:
        """The promised shape. `readings` are those known, in order, each with whether it was estimated."""
        head = {
            "channel": self.channel.name,
            "unit": self.channel.unit,
            "direction": self.channel.direction,
        }
        if self.table is None:
            empty = {"interval_minutes": None, "total": "0", "known": 0, "missing": 0, "estimated": 0}
            return head | empty | {"readings": []}
        micro, missing = self.table.micro[self.row], self.table.missing[self.row]
        guessed = self.table.estimated[self.row]
        return head | {
            "interval_minutes": self.table.interval_minutes,
            "total": decimal_text(int(micro.sum()), 6),
            "known": int((~missing).sum()),
            "missing": int(missing.sum()),
            "estimated": int(guessed.sum()),
            "readings": [
                {
                    "starts_at": self.starts_at(place).isoformat(),
                    "value": decimal_text(value, 6),
                    "estimated": estimated,
                }
                for place, (value, gone, estimated) in enumerate(
                    zip(micro.tolist(), missing.tolist(), guessed.tolist(), strict=True)
                )
                if not gone
            ],
        }

    def starts_at(self, place: int) -> datetime:
        """When an interval begins, on the channel's local clock."""
        assert self.table is not None
        instant = self.table.starts_at + place * timedelta(minutes=self.table.interval_minutes)
        return instant.astimezone(self.channel.zone)


def known_usage(
    session: Session,
    channels: Sequence[NamedChannel],
    starts_at: datetime,
    ends_before: datetime,
    known_at: datetime | None = None,
) -> list[KnownUsage]:
    """Each channel's intervals that begin in [starts_at, ends_before), as known at an instant (None: now)."""
    tables = usage(session, [channel.id for channel in channels], starts_at, ends_before, known_at)
    places = {one: (table, row) for table in tables for row, one in enumerate(table.channel_ids)}
    return [KnownUsage(channel, *places.get(channel.id, (None, 0))) for channel in channels]
