"""Letters on paper: gathered into batches, each one file to print and one list of what lies in it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class LetterBatch(Base):
    """Letters that are printed together.

    cut         its letters are chosen and written; the file is yet to be made
    gathered    file and list are kept, with their SHA-256; nobody has said that they left
    handed_over a person has: from then on its notices count as sent
    empty       no batch: the clock has cut all that waited on the day `cut_for`, if anything did

    `cut_for` is the day whose hour cut it, None where a person did (`cut_by`); more letters than go into one
    file make several parts of one day.
    """

    __tablename__ = "letter_batches"
    __table_args__ = (
        UniqueConstraint("cut_for", "part"),
        CheckConstraint("state in ('empty', 'cut', 'gathered', 'handed_over')", name="state"),
        CheckConstraint("(state = 'empty') = (letters = 0)", name="empty_has_none"),
        CheckConstraint(
            "(made_at is null) = (state in ('empty', 'cut')) "
            "and (made_at is null) = (pdf is null) and (made_at is null) = (pdf_sha256 is null) "
            "and (made_at is null) = (index_csv is null) and (made_at is null) = (index_sha256 is null) "
            "and (made_at is null) = (pages is null)",
            name="made_is_whole",
        ),
        CheckConstraint(
            "(state = 'handed_over') = (handed_over_at is not null) "
            "and (state = 'handed_over') = (handed_over_by is not null)",
            name="handed_over_by_a_person",
        ),
        Index("ix_letter_batches_open", "id", postgresql_where=text("state in ('cut', 'gathered')")),
    )

    id: Mapped[int] = identity()
    cut_at: Mapped[datetime]
    cut_for: Mapped[date | None]
    part: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    cut_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    state: Mapped[str]
    letters: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary)
    pdf_sha256: Mapped[str | None]
    index_csv: Mapped[bytes | None] = mapped_column(LargeBinary)
    index_sha256: Mapped[str | None]
    made_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    handed_over_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class PaperLetter(Base):
    """One letter of a batch, in the words it was cut with, so that the file can be made whenever it is made.

    `address` is one line, its parts between commas. Pages are the file's, counted from one.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        CheckConstraint("page_to >= page_from", name="pages"),
        Index("ix_letters_once", "notice_id", unique=True, postgresql_where=text("returned_at is null")),
        Index(None, "notice_id"),
    )

    id: Mapped[int] = identity()
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("letter_batches.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outbox.id", ondelete="CASCADE"))
    message_id: Mapped[str]
    notice: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    page_from: Mapped[int | None] = mapped_column(Integer)
    page_to: Mapped[int | None] = mapped_column(Integer)
    returned_at: Mapped[datetime | None]
    returned_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    returned_because: Mapped[str] = mapped_column(server_default="")
