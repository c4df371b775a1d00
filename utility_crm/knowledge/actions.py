"""Writing articles, handing them in, approving what somebody else wrote, retiring them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.knowledge.domain.markdown import OURS, as_plain, is_allowed, links_of
from utility_crm.knowledge.domain.wording import CONFIGS
from utility_crm.web.words import mark

AUDIENCES = ("agents", "public")
CATEGORIES = (
    mark("bills"), mark("payments"), mark("meters"), mark("tariffs"), mark("outages"), mark("moving"),
    mark("complaints"), mark("saving"), mark("help"),
)  # fmt: skip
LONGEST = {"slug": 80, "title": 160, "answer": 600, "body": 40_000, "keywords": 400, "note": 300}
MOST_TAGS = 20
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")

_BEGIN = text("""
    insert into articles (slug, category, tags, questions, created_at, created_by)
    values (:slug, :category, :tags, :questions, :now, :by) on conflict (slug) do nothing returning id
""")
_ABOUT = text("""
    update articles set category = :category, tags = :tags, questions = :questions where id = :id
""")
_HOLD = text("select * from articles where id = :id for update")
_NEWEST = text("""
    select version.*, approval.version_id is not null as approved,
        (select step.step from article_steps as step where step.version_id = version.id
         order by step.id desc limit 1) as step
    from article_versions as version
    left join article_approvals as approval on approval.version_id = version.id
    where version.article_id = :article and version.language = :language
    order by version.number desc limit 1
""")
_VERSION = text("select article_id, language from article_versions where id = :id")
_WRITE = text("""
    insert into article_versions (article_id, language, number, audience, title, answer, body, plain,
        keywords, note, valid_from, valid_until, author_id, written_at)
    values (:article, :language, :number, :audience, :title, :answer, :body, :plain, :keywords, :note,
        :valid_from, :valid_until, :by, :now)
    returning id
""")
_STEP = text("""
    insert into article_steps (version_id, at, by_user, step, note) values (:id, :now, :by, :step, :note)
""")
_APPROVE = text("""
    insert into article_approvals (version_id, article_id, language, number, author_id, approved_by,
        approved_at, audience, valid_from, valid_until)
    select id, article_id, language, number, author_id, :by, :now, audience,
        coalesce(valid_from, cast(:today as date)), valid_until
    from article_versions where id = :id
""")
_WORDS = text("""
    insert into article_words (language, word, stem)
    select distinct :language, unnest(array[word, stem]), stem from (
        select words.lexeme as word, stems.lexeme as stem
        from article_versions as version,
            unnest(to_tsvector('simple', translate(
                version.title || ' ' || version.keywords || ' ' || version.answer || ' ' || version.plain,
                'ёЁ', 'еЕ'))) as words,
            unnest(to_tsvector(cast(:config as regconfig), words.lexeme)) as stems
        where version.id = any(:ids) and length(words.lexeme) between 2 and 40
    ) as every
    on conflict do nothing
""")
_RETIRE = text("""
    update articles set retired_at = :now, retired_by = :by, retired_because = :because where id = :id
""")
_VOTE = text("""
    insert into article_votes (version_id, voter, helpful, at, missing)
    values (:id, :voter, :helpful, :now, :missing)
    on conflict (version_id, voter) do update
        set helpful = excluded.helpful, at = excluded.at,
            missing = case when excluded.missing <> '' then excluded.missing else article_votes.missing end
""")
_SLUGS = text("select slug from articles where slug = any(:slugs) and retired_at is null")


@dataclass(frozen=True, slots=True)
class Written:
    """A version as somebody wrote it. answer: the short one, which is said or pasted; body: Markdown; note:
    what changed, for who reviews it. Shown from `valid_from` (None: from approval) until before
    `valid_until`."""

    title: str
    answer: str
    body: str = ""
    keywords: str = ""
    audience: str = "agents"
    note: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


def begin_article(
    session: Session,
    *,
    slug: str,
    category: str,
    now: datetime,
    by: int,
    tags: Sequence[str] = (),
    questions: Sequence[str] = (),
) -> int:
    """An article without a text yet; its id. Raises Invalid, Conflict (the slug is taken)."""
    if not _SLUG.match(slug) or len(slug) > LONGEST["slug"]:
        words = mark("An address has small Latin letters, figures and hyphens: high-bill-in-winter.")
        raise Invalid("slug", words, "slug")
    given = {**_about(category, tags, questions), "slug": slug, "now": now, "by": by}
    made = session.scalar(_BEGIN, given)
    if made is None:
        raise Conflict("slug_taken", mark("There is an article under this address already."), "slug")
    return int(made)


def change_about(
    session: Session, article_id: int, *, category: str, tags: Sequence[str], questions: Sequence[str]
) -> None:
    """Where an article stands; its text is not touched. Raises Invalid, NotFound."""
    _held(session, article_id)
    session.execute(_ABOUT, {**_about(category, tags, questions), "id": article_id})


def write_version(
    session: Session,
    article_id: int,
    language: str,
    written: Written,
    *,
    now: datetime,
    by: int,
    seen: int | None = None,
) -> int | None:
    """A new version, a draft; its id, or None where nothing is different from the newest.

    seen: the number of the newest version as it was shown (0: none). Raises Invalid, NotFound, Conflict
    (somebody wrote another one meanwhile).
    """
    clean = _clean(written)
    if language not in CONFIGS:
        raise Invalid("language", mark("Choose one of what is offered."), "language")
    _held(session, article_id)
    newest = _newest(session, article_id, language)
    number = newest.number if newest is not None else 0
    if seen is not None and seen != number:
        words = mark("Somebody wrote version %(number)s meanwhile. Compare it with yours before you keep it.")
        raise Conflict("version_newer", words, number=number)
    _links(session, clean.body)
    if newest is not None and _same(newest, clean):
        return None
    given = {
        "article": article_id, "language": language, "number": number + 1, "now": now, "by": by,
        "plain": as_plain(clean.body), **{name: getattr(clean, name) for name in Written.__slots__},
    }  # fmt: skip
    return int(session.execute(_WRITE, given).scalar_one())


def hand_in(session: Session, version_id: int, *, now: datetime, by: int, note: str = "") -> None:
    """The newest version waits for somebody else's approval. Raises NotFound, Conflict."""
    newest = _of(session, version_id)
    _newest_alone(newest, version_id)
    if newest.approved or newest.step == "handed_in":
        raise Conflict("handed_in", mark("This version is handed in already."))
    _step(session, version_id, "handed_in", note, now, by)


def send_back(session: Session, version_id: int, *, note: str, now: datetime, by: int) -> None:
    """It is a draft again; the note says what is missing. Raises Invalid, NotFound, Conflict."""
    if not note.strip():
        raise Invalid("needed", mark("Say what is missing."), "note")
    newest = _of(session, version_id)
    _in_review(newest, version_id)
    _step(session, version_id, "sent_back", note.strip()[: LONGEST["note"]], now, by)


def approve(session: Session, version_id: int, *, now: datetime, today: date, by: int) -> None:
    """From its first day on, the version is what is shown. Raises Refused (its author approves nothing of
    their own), NotFound, Conflict (it does not wait for review)."""
    newest = _of(session, version_id)
    _in_review(newest, version_id)
    if newest.author_id == by:
        words = mark("You wrote it: somebody else has to approve it.")
        raise Refused("four_eyes", words)
    session.execute(_APPROVE, {"id": version_id, "by": by, "now": now, "today": today})
    know_words(session, newest.language, [version_id])


def know_words(session: Session, language: str, version_ids: Sequence[int]) -> None:
    """The words of these versions are known to the search from now on."""
    given = {"language": language, "config": CONFIGS[language], "ids": list(version_ids)}
    session.execute(_WORDS, given)


def retire(session: Session, article_id: int, *, because: str, now: datetime, by: int) -> None:
    """Nobody is shown the article any more. Raises Invalid (no reason), NotFound, Conflict."""
    if not because.strip():
        raise Invalid("needed", mark("Say why."), "because")
    if _held(session, article_id).retired_at is not None:
        raise Conflict("retired", mark("This article is retired already."))
    given = {"id": article_id, "now": now, "by": by, "because": because.strip()[: LONGEST["note"]]}
    session.execute(_RETIRE, given)


def bring_back(session: Session, article_id: int) -> None:
    """It is shown again as it was approved. Raises NotFound, Conflict (it is not retired)."""
    if _held(session, article_id).retired_at is None:
        raise Conflict("not_retired", mark("This article is not retired."))
    session.execute(_RETIRE, {"id": article_id, "now": None, "by": None, "because": ""})


def vote(
    session: Session, version_id: int, *, voter: str, helpful: bool, now: datetime, missing: str = ""
) -> None:
    """Whether it helped; who says it twice has said it once, the last word counts."""
    given = {
        "id": version_id, "voter": voter, "helpful": helpful, "now": now,
        "missing": " ".join(missing.split())[: LONGEST["note"]],
    }  # fmt: skip
    session.execute(_VOTE, given)


def _about(category: str, tags: Sequence[str], questions: Sequence[str]) -> dict[str, Any]:
    if category not in CATEGORIES:
        raise Invalid("category", mark("Choose one of what is offered."), "category")
    clean = list(dict.fromkeys(" ".join(tag.lower().split()) for tag in tags if tag.strip()))
    if len(clean) > MOST_TAGS or any(len(tag) > 40 for tag in clean):
        raise Invalid("tags", mark("At most %(most)s tags, each of a word or two."), "tags", most=MOST_TAGS)
    return {"category": category, "tags": clean, "questions": list(dict.fromkeys(filter(None, questions)))}


def _clean(written: Written) -> Written:
    for name in ("title", "answer"):
        if not getattr(written, name).strip():
            raise Invalid("needed", mark("This is needed."), name)
    for name in ("title", "answer", "body", "keywords", "note"):
        if len(getattr(written, name)) > LONGEST[name]:
            raise Invalid("too_long", mark("At most %(most)s characters."), name, most=LONGEST[name])
    if written.audience not in AUDIENCES:
        raise Invalid("audience", mark("Choose one of what is offered."), "audience")
    first, until = written.valid_from, written.valid_until
    if first is not None and until is not None and until <= first:
        raise Invalid("valid", mark("It ends after it begins."), "valid_until")
    body = "\n".join(line.rstrip() for line in written.body.replace("\r\n", "\n").split("\n")).strip()
    return Written(
        " ".join(written.title.split()), " ".join(written.answer.split()), body,
        " ".join(written.keywords.split()), written.audience, " ".join(written.note.split()), first, until,
    )  # fmt: skip


def _links(session: Session, body: str) -> None:
    """Raises Invalid for a link that leads nowhere, or where no article may lead."""
    links = links_of(body)
    for link in links:
        if not is_allowed(link):
            words = mark(
                "It may not link to “%(link)s”: only to https://, mailto:, tel: and articles, /help/address."
            )
            raise Invalid("link", words, "body", link=link[:80])
    slugs = {found[1] for link in links if (found := OURS.match(link))}
    known = set(session.scalars(_SLUGS, {"slugs": list(slugs)})) if slugs else set()
    if missing := sorted(slugs - known):
        raise Invalid("link", mark("There is no article “%(slug)s” to link to."), "body", slug=missing[0])


def _same(newest: Row[Any], clean: Written) -> bool:
    return all(getattr(newest, name) == getattr(clean, name) for name in Written.__slots__ if name != "note")


def _held(session: Session, article_id: int) -> Row[Any]:
    held = session.execute(_HOLD, {"id": article_id}).one_or_none()
    if held is None:
        raise NotFound("no_such_article", mark("There is no such article."), str(article_id))
    return held


def _newest(session: Session, article_id: int, language: str) -> Row[Any] | None:
    return session.execute(_NEWEST, {"article": article_id, "language": language}).one_or_none()


def _of(session: Session, version_id: int) -> Row[Any]:
    """The newest version of the article and language of a version, whose article is held."""
    found = session.execute(_VERSION, {"id": version_id}).one_or_none()
    if found is None:
        raise NotFound("no_such_version", mark("There is no such version."), str(version_id))
    _held(session, found.article_id)
    newest = _newest(session, found.article_id, found.language)
    assert newest is not None, "the version itself is one"
    return newest


def _newest_alone(newest: Row[Any], version_id: int) -> None:
    if newest.id != version_id:
        words = mark("Version %(number)s was written since: look at that one.")
        raise Conflict("version_older", words, number=newest.number)


def _in_review(newest: Row[Any], version_id: int) -> None:
    _newest_alone(newest, version_id)
    if newest.approved:
        raise Conflict("approved", mark("This version is approved already."))
    if newest.step != "handed_in":
        raise Conflict("draft", mark("This version is not handed in for review."))


def _step(session: Session, version_id: int, step: str, note: str, now: datetime, by: int) -> None:
    session.execute(_STEP, {"id": version_id, "now": now, "by": by, "step": step, "note": note})
