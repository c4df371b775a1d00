"""Articles as people read, write and review them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.knowledge.shown import SHOWN
from utility_crm.web.words import mark

MOST = 300
ENDS_SOON = timedelta(days=30)
FEW_VOTES, HELPS_ENOUGH = 3, 0.5
"""From so many votes on, an article that helped fewer than this share of people is said not to help."""


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """An article as a list shows it, by the version that is shown."""

    slug: str
    article_id: int
    version_id: int
    language: str
    title: str
    answer: str
    category: str
    audience: str
    approved_at: datetime
    valid_until: date | None
    helped: int
    not_helped: int

    @property
    def share(self) -> float | None:
        """The share of those who said so whom it helped."""
        votes = self.helped + self.not_helped
        return self.helped / votes if votes else None


@dataclass(frozen=True, slots=True)
class WorkLine:
    """The newest version of an article's language where it is not approved: a draft, or in review."""

    slug: str
    article_id: int
    version_id: int
    language: str
    number: int
    title: str
    author_id: int
    author: str
    written_at: datetime
    handed_in_at: datetime | None
    note: str
    sent_back: str


@dataclass(frozen=True, slots=True)
class Miss:
    """What was looked for in vain."""

    language: str
    words: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class KnowledgeFigures:
    """The short answers of the page."""

    shown: int
    public: int
    in_review: int
    oldest_in_review: datetime | None
    drafts: int
    not_helping: int
    misses: int
    ending: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article's text, with how far it came. state: draft, in_review, sent_back or
    approved."""

    id: int
    article_id: int
    language: str
    number: int
    audience: str
    title: str
    answer: str
    body: str
    keywords: str
    note: str
    valid_from: date | None
    valid_until: date | None
    author_id: int
    author: str
    written_at: datetime
    state: str
    step_note: str
    step_by: str | None
    approved_at: datetime | None
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class ArticleCard:
    """An article with every version of every language, the newest first; which one is shown of a language;
    how it helped."""

    id: int
    slug: str
    category: str
    tags: tuple[str, ...]
    questions: tuple[str, ...]
    retired_at: datetime | None
    retired_by: str | None
    retired_because: str
    versions: tuple[Version, ...]
    shown: dict[str, int]
    helped: int
    not_helped: int
    missing: tuple[str, ...]

    def newest(self, language: str) -> Version | None:
        """The newest version of a language."""
        return next((one for one in self.versions if one.language == language), None)

    def shown_in(self, language: str) -> Version | None:
        """What is shown in a language today."""
        return next((one for one in self.versions if one.id == self.shown.get(language)), None)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is written in."""
        return tuple(dict.fromkeys(one.language for one in sorted(self.versions, key=lambda v: v.language)))


_VOTES = """
    left join lateral (
        select count(*) filter (where vote.helpful) as helped,
               count(*) filter (where not vote.helpful) as not_helped
        from article_votes as vote where vote.version_id = version.id
    ) as votes on true
"""
_LINES = f"""
    select article.slug, article.id, version.id, version.language, version.title, version.answer,
           article.category, version.audience, approval.approved_at, version.valid_until, votes.helped,
           votes.not_helped
    from ({SHOWN}) as shown
    join article_versions as version on version.id = shown.version_id
    join article_approvals as approval on approval.version_id = version.id
    join articles as article on article.id = shown.article_id
    {_VOTES}
"""
_NOT_HELPING = f"""votes.helped + votes.not_helped >= {FEW_VOTES}
    and votes.helped < {HELPS_ENOUGH} * (votes.helped + votes.not_helped)"""
_ALL = text(
    f"{_LINES} where version.language = :language order by article.category, version.title limit {MOST}"
)
_OF_QUESTION = text(f"""
    {_LINES} where version.language = :language and article.questions @> array[cast(:question as text)]
    order by votes.helped desc, version.title limit :most
""")
_LISTS = {
    "helps": text(
        f"{_LINES} where {_NOT_HELPING} order by votes.not_helped desc, version.title limit {MOST}"
    ),
    "ends": text(f"{_LINES} where version.valid_until <= :soon order by version.valid_until limit {MOST}"),
}
_UNDONE = """
    select article.slug, article.id, version.id, version.language, version.number, version.title,
           version.author_id, author.name, version.written_at,
           case when step.step = 'handed_in' then step.at end, version.note,
           case when step.step = 'sent_back' then step.note else '' end
    from article_versions as version
    join articles as article on article.id = version.article_id and article.retired_at is null
    join users as author on author.id = version.author_id
    left join lateral (
        select step.step, step.at, step.note from article_steps as step
        where step.version_id = version.id order by step.id desc limit 1) as step on true
    where not exists (
        select from article_versions as newer where newer.article_id = version.article_id
          and newer.language = version.language and newer.number > version.number)
      and not exists (select from article_approvals as approval where approval.version_id = version.id)
"""
_IN_REVIEW = text(f"{_UNDONE} and step.step = 'handed_in' order by step.at, version.id limit {MOST}")
_DRAFTS = text(f"""
    {_UNDONE} and step.step is distinct from 'handed_in' order by version.written_at desc limit {MOST}
""")
_MISSES = text(
    "select language, words, times, last_at from article_misses order by times desc, last_at desc limit 100"
)
_FIGURES = text(f"""
    with lines (slug, article_id, version_id, language, title, answer, category, audience, approved_at,
        valid_until, helped, not_helped) as ({_LINES}),
    undone (slug, article_id, version_id, language, number, title, author_id, author, written_at,
        handed_in_at, note, sent_back) as ({_UNDONE})
    select (select count(distinct slug) from lines),
        (select count(distinct slug) from lines where audience = 'public'),
        (select count(*) from undone where handed_in_at is not null),
        (select min(handed_in_at) from undone),
        (select count(*) from undone where handed_in_at is null),
        (select count(*) from lines as votes where {_NOT_HELPING}),
        (select count(*) from article_misses),
        (select count(*) from lines where valid_until <= :soon)
""")


def knowledge_figures(session: Session, today: date) -> KnowledgeFigures:
    """The counts of everything that is asked about the knowledge base."""
    given = {"today": today, "agents": True, "soon": today + ENDS_SOON}
    return KnowledgeFigures(*session.execute(_FIGURES, given).one())


def articles_shown(session: Session, language: str, today: date, *, agents: bool = True) -> list[ArticleLine]:
    """What is shown in a language, by category."""
    given = {"today": today, "agents": agents, "language": language}
    return [ArticleLine(*row) for row in session.execute(_ALL, given)]


def articles_for(
    session: Session, question: str, language: str, today: date, most: int = 3
) -> list[ArticleLine]:
    """Articles that stand beside a question of the customer page."""
    given = {"today": today, "agents": True, "language": language, "question": question, "most": most}
    return [ArticleLine(*row) for row in session.execute(_OF_QUESTION, given)]


def articles_listed(session: Session, ask: str, today: date) -> list[ArticleLine]:
    """Articles that do not help, or that end soon. ask: helps or ends."""
    given: dict[str, Any] = {"today": today, "agents": True}
    if ask == "ends":
        given["soon"] = today + ENDS_SOON
    return [ArticleLine(*row) for row in session.execute(_LISTS[ask], given)]


def in_review(session: Session) -> list[WorkLine]:
    """What waits for somebody's approval, the longest first."""
    return [WorkLine(*row) for row in session.execute(_IN_REVIEW)]


def drafts(session: Session) -> list[WorkLine]:
    """What is being written, or was sent back; newest first."""
    return [WorkLine(*row) for row in session.execute(_DRAFTS)]


def misses(session: Session) -> list[Miss]:
    """What was looked for in vain, the most often first."""
    return [Miss(*row) for row in session.execute(_MISSES)]


_CARD = text("""
    select article.id, article.slug, article.category, article.tags, article.questions, article.retired_at,
           users.name, article.retired_because
    from articles as article left join users on users.id = article.retired_by where article.slug = :slug
""")
_VERSIONS = text("""
    select version.id, version.article_id, version.language, version.number, version.audience, version.title,
           version.answer, version.body, version.keywords, version.note, version.valid_from,
           version.valid_until, version.author_id, author.name, version.written_at,
           case when approval.version_id is not null then 'approved'
                when step.step = 'handed_in' then 'in_review'
                when step.step = 'sent_back' then 'sent_back' else 'draft' end,
           coalesce(step.note, ''), stepper.name, approval.approved_at, approver.name
    from article_versions as version
    join users as author on author.id = version.author_id
    left join article_approvals as approval on approval.version_id = version.id
    left join users as approver on approver.id = approval.approved_by
    left join lateral (
        select step.step, step.note, step.by_user from article_steps as step
        where step.version_id = version.id order by step.id desc limit 1) as step on true
    left join users as stepper on stepper.id = step.by_user
    where version.article_id = :id order by version.number desc, version.id desc
""")
_SHOWN_OF = text(f"select language, version_id from ({SHOWN}) as shown where article_id = :id")
_HELPED = text("""
    select count(*) filter (where vote.helpful), count(*) filter (where not vote.helpful),
           coalesce(array_agg(vote.missing order by vote.at desc) filter (where vote.missing <> ''), '{}')
    from article_votes as vote join article_versions as version on version.id = vote.version_id
    where version.article_id = :id
""")


def article_card(session: Session, slug: str, today: date) -> ArticleCard:
    """An article in full, for us. Raises NotFound."""
    row = session.execute(_CARD, {"slug": slug}).one_or_none()
    if row is None:
        raise NotFound("no_such_article", mark("There is no such article."), slug)
    versions = tuple(Version(*one) for one in session.execute(_VERSIONS, {"id": row.id}))
    given = {"id": row.id, "today": today, "agents": True}
    shown = {one.language: one.version_id for one in session.execute(_SHOWN_OF, given)}
    helped, not_helped, missing = session.execute(_HELPED, {"id": row.id}).one()
    return ArticleCard(
        row[0], row[1], row[2], tuple(row[3]), tuple(row[4]), row[5], row[6], row[7], versions, shown,
        helped, not_helped, tuple(missing[:20]),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicArticle:
    """An article as anybody may read it."""

    slug: str
    version_id: int
    language: str
    title: str
    answer: str
    body: str
    category: str
    approved_at: datetime


_PUBLIC = text(f"""
    select article.slug, version.id, version.language, version.title, version.answer, version.body,
           article.category, approval.approved_at
    from ({SHOWN}) as shown
    join article_versions as version on version.id = shown.version_id
    join article_approvals as approval on approval.version_id = version.id
    join articles as article on article.id = shown.article_id
    where article.slug = :slug order by (version.language = :language) desc, version.language
""")


def public_article(session: Session, slug: str, language: str, today: date) -> list[PublicArticle]:
    """A public article, in the language asked for first, then in the others it has. Raises NotFound."""
    given = {"slug": slug, "language": language, "today": today, "agents": False}
    found = [PublicArticle(*row) for row in session.execute(_PUBLIC, given)]
    if not found:
        raise NotFound("no_such_article", mark("There is no such article."), slug)
    return found
