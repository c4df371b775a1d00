"""Words of notices that people wrote."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class NoticeVersion(Base):
    """Another text for one part (`subject.txt`) of a kind of notice, in a language, by letter ('email', and
    on paper) or in a few words ('sms'). A draft until somebody else than its author approves it; it gets its
    `number` then, counted by kind, language and channel. Without one the files of the kind count: number 0.
    """

    __tablename__ = "notice_versions"
    __table_args__ = (
        CheckConstraint("channel in ('email', 'sms')", name="channel"),
        CheckConstraint(
            "part in ('subject.txt', 'text.txt', 'body.html', 'sms.txt')"
            " and (part = 'sms.txt') = (channel = 'sms')",
            name="part",
        ),
        CheckConstraint("state in ('draft', 'approved', 'dropped')", name="state"),
        CheckConstraint("(state = 'approved') = (number is not null)", name="approved_has_a_number"),
        CheckConstraint(
            "(state = 'draft') = (decided_by is null) and (decided_by is null) = (decided_at is null)",
            name="decided_by_somebody",
        ),
        CheckConstraint("state <> 'approved' or decided_by <> written_by", name="four_eyes"),
        UniqueConstraint("kind", "language", "channel", "number"),
        Index("ix_notice_versions_drafts", "written_at", postgresql_where=text("state = 'draft'")),
    )

    id: Mapped[int] = identity()
    kind: Mapped[str]
    language: Mapped[str]
    channel: Mapped[str]
    part: Mapped[str]
    text: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    number: Mapped[int | None] = mapped_column(Integer)
    written_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("users.id"))
    written_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
