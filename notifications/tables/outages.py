"""Times without supply, what became known of them, who is to be told, and whom to call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Outage(Base):
    """A time without supply at a node of the network and everything below it; works announced twice are one.

    `ends_at` is when the supply is expected back (None: nobody knows), and when it came back once
    `restored_at` is known. One that is `merged_into` another is a second report of it. One that is
    `split_from` another is a part of it where the supply came back earlier: the other reaches that part no
    more. `withdrawn_at`: there was none, it was told by mistake. `reference` is its name elsewhere.
    """

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="half_open"),
        CheckConstraint(
            "state in ('reported', 'confirmed', 'estimated', 'restored', 'closed')", name="state"
        ),
        CheckConstraint("state <> 'restored' or restored_at is not null", name="restored_has_a_time"),
        CheckConstraint("merged_into <> id", name="not_into_itself"),
        CheckConstraint("source in ('screen', 'import', 'api', 'split')", name="source"),
        Index(None, "node_id", "ends_at"),
        Index(
            "uq_outages_planned",
            "node_id",
            "starts_at",
            "ends_at",
            unique=True,
            postgresql_where=text("planned"),
        ),
        Index("uq_outages_reference", "reference", unique=True),
        Index(None, "merged_into"),
        Index(None, "split_from"),
    )

    id: Mapped[int] = identity()
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("network_nodes.id"))
    planned: Mapped[bool] = mapped_column(server_default="true")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(server_default="confirmed")
    restored_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    merged_into: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("outages.id"))
    split_from: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("outages.id"))
    reference: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="screen")


class OutageEvent(Base):
    """One thing that became known of an outage, as it was then: who said it, when it was so (`at`), when it
    was kept. The database refuses to change or remove one. `other_id` is the other outage of a merge or
    split."""

    __tablename__ = "outage_events"
    __table_args__ = (
        CheckConstraint(
            "kind in ('reported', 'confirmed', 'estimated', 'restored', 'closed', 'corrected', 'withdrawn', "
            "'merged', 'split')",
            name="kind",
        ),
        Index(None, "outage_id"),
    )

    id: Mapped[int] = identity()
    outage_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outages.id"))
    kind: Mapped[str]
    state: Mapped[str]
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("network_nodes.id"))
    estimated_at: Mapped[datetime | None]
    other_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("outages.id"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    source: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")


class OutageTelling(Base):
    """An event that customers are yet to be told of, or were. Whoever tells holds it until `lease_until`;
    `cursor` counts the notices gone through of this pass, `queued` those that came of it. A newer event of
    the same outage makes it `superseded`: what is true now is told instead."""

    __tablename__ = "outage_tellings"
    __table_args__ = (
        Index(None, "outage_id"),
        Index("ix_outage_tellings_open", "made_at", postgresql_where=text("ended_at is null")),
    )

    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("outage_events.id"), primary_key=True, autoincrement=False
    )
    outage_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outages.id"))
    made_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    cursor: Mapped[int] = mapped_column(server_default="0")
    queued: Mapped[int] = mapped_column(server_default="0")
    ended_at: Mapped[datetime | None]
    superseded: Mapped[bool] = mapped_column(server_default="false")


class CallTask(Base):
    """Somebody who depends on the supply and is to be called about an outage, once, by an agent."""

    __tablename__ = "call_tasks"
    __table_args__ = (
        UniqueConstraint("customer_id", "outage_id"),
        CheckConstraint("why in ('medical', 'critical')", name="why"),
        CheckConstraint("state in ('open', 'taken', 'done', 'dropped')", name="state"),
        CheckConstraint("state <> 'taken' or taken_by is not null", name="taken_by_somebody"),
        CheckConstraint("(state in ('done', 'dropped')) = (ended_at is not null)", name="ended_has_a_time"),
        Index("ix_call_tasks_waiting", "outage_id", postgresql_where=text("state in ('open', 'taken')")),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    outage_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outages.id"))
    why: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    created_at: Mapped[datetime]
    taken_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(server_default="")
