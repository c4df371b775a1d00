"""Articles, what was written of them, who approved it, and whether it helped."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity
from utility_crm.knowledge.domain.wording import CYRILLIC, LATIN

WEIGHED = """
    setweight(to_tsvector(case language when 'ru' then 'russian'::regconfig else 'english'::regconfig end,
        translate(title, 'ёЁ', 'еЕ')), 'A') ||
    setweight(to_tsvector(case language when 'ru' then 'russian'::regconfig else 'english'::regconfig end,
        translate(keywords, 'ёЁ', 'еЕ')), 'B') ||
    setweight(to_tsvector(case language when 'ru' then 'russian'::regconfig else 'english'::regconfig end,
        translate(answer, 'ёЁ', 'еЕ')), 'C') ||
    setweight(to_tsvector(case language when 'ru' then 'russian'::regconfig else 'english'::regconfig end,
        translate(plain, 'ёЁ', 'еЕ')), 'D')
"""


LOOKS = f"translate(word, '{CYRILLIC}', '{LATIN}')"
"""A word with another sign for each Cyrillic letter: where the database's locale is C, trigrams know only
ASCII."""


def _person() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("users.id"))


class Article(Base):
    """One thing we know, in any number of languages. `questions`: the keys of the customer page's questions
    beside which it stands ("why"). Retired ones are shown to nobody but those who write."""

    __tablename__ = "articles"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug"),
        CheckConstraint("(retired_at is null) = (retired_by is null)", name="retired"),
        Index(None, "questions", postgresql_using="gin"),
    )

    id: Mapped[int] = identity()
    slug: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    questions: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{}")
    created_at: Mapped[datetime]
    created_by: Mapped[int] = _person()
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    retired_because: Mapped[str] = mapped_column(server_default="")


class ArticleVersion(Base):
    """What somebody wrote, in one language: never changed (a trigger refuses). `answer` is the short one that
    is said or pasted; `body` the text (Markdown), `plain` its words alone; `keywords` what people say
    instead. `words` is what is searched. Once approved it is shown from `valid_from` until before
    `valid_until`."""

    __tablename__ = "article_versions"
    __table_args__ = (
        UniqueConstraint("article_id", "language", "number"),
        UniqueConstraint(
            "id", "article_id", "language", "number", "author_id", name="uq_article_versions_whole"
        ),
        CheckConstraint("language in ('en', 'ru')", name="language"),
        CheckConstraint("audience in ('agents', 'public')", name="audience"),
        CheckConstraint("title <> '' and answer <> ''", name="said"),
        CheckConstraint("valid_until > valid_from", name="half_open"),
        Index(None, "words", postgresql_using="gin"),
        Index(None, "written_at"),
    )

    id: Mapped[int] = identity()
    article_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("articles.id"))
    language: Mapped[str]
    number: Mapped[int]
    audience: Mapped[str]
    title: Mapped[str]
    answer: Mapped[str]
    body: Mapped[str]
    plain: Mapped[str]
    keywords: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    author_id: Mapped[int] = _person()
    written_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(TSVECTOR, Computed(WEIGHED, persisted=True))


class ArticleStep(Base):
    """A version was handed in for review, or sent back with what is missing. Rows stay."""

    __tablename__ = "article_steps"
    __table_args__ = (
        CheckConstraint("step in ('handed_in', 'sent_back')", name="step"),
        Index(None, "version_id"),
    )

    id: Mapped[int] = identity()
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("article_versions.id"))
    at: Mapped[datetime]
    by_user: Mapped[int] = _person()
    step: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")


class ArticleApproval(Base):
    """A version was approved, by somebody else than its author: the database itself knows four eyes. Of an
    article's language the newest approved version that has begun is shown, until it ends. Rows stay."""

    __tablename__ = "article_approvals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "article_id", "language", "number", "author_id"],
            [
                "article_versions.id", "article_versions.article_id", "article_versions.language",
                "article_versions.number", "article_versions.author_id",
            ],
            name="fk_article_approvals_version",
        ),
        CheckConstraint("approved_by <> author_id", name="four_eyes"),
        Index(None, "article_id", "language", "number"),
    )  # fmt: skip

    version_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    article_id: Mapped[int]
    language: Mapped[str]
    number: Mapped[int]
    author_id: Mapped[int]
    approved_by: Mapped[int] = _person()
    approved_at: Mapped[datetime]
    audience: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class ArticleVote(Base):
    """Whether a version helped somebody. `voter` is who, once a version: "user-7", or a digest that leads
    back to nobody ("web-…")."""

    __tablename__ = "article_votes"
    __table_args__ = (UniqueConstraint("version_id", "voter"),)

    id: Mapped[int] = identity()
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("article_versions.id"))
    voter: Mapped[str]
    helpful: Mapped[bool]
    at: Mapped[datetime]
    missing: Mapped[str] = mapped_column(server_default="")


class ArticleWord(Base):
    """A word of approved articles and its stem, which is a word of its own here (of an inflected language a
    text may not have the word's first form): what a misspelt word may have meant."""

    __tablename__ = "article_words"
    __table_args__ = (
        Index(None, "language", "stem"),
        Index(
            "ix_article_words_looks",
            "looks",
            postgresql_using="gin",
            postgresql_ops={"looks": "gin_trgm_ops"},
        ),
        Index("ix_article_words_begins", "language", "word", postgresql_ops={"word": "text_pattern_ops"}),
    )

    language: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    stem: Mapped[str]
    looks: Mapped[str] = mapped_column(Computed(LOOKS, persisted=True))


class ArticleMiss(Base):
    """What people looked for and did not find, by its words; never with a figure or a sign that could be
    somebody's data in it."""

    __tablename__ = "article_misses"
    __table_args__ = (Index("ix_article_misses_last_at", text("last_at desc")),)

    language: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(server_default="1")
    last_at: Mapped[datetime]
