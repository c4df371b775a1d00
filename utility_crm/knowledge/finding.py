"""Finding articles by words: every word typed, misspelt too, by PostgreSQL's full text search.

A word counts the more the fewer articles have it, and the more where it stands in the title (A), in what
people say instead (B), in the short answer (C) than in the text (D). First come articles with most of the
words typed; of a ticket's text, which has words of all kinds, those with the weightiest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup, escape
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.knowledge.domain.wording import CONFIGS, CYRILLIC, LATIN, language_of, meant, words_of
from utility_crm.knowledge.shown import SHOWN

FOUND = 20
LONGEST_TEXT = 8000
"""Characters of a ticket that are looked at."""
MOST_STEMS = 60
HIGHEST = "\U0010ffff"
"""Behind every letter: words that begin so lie before it."""
_BEGIN, _END = "\x02", "\x03"

# How each word typed may be read: its own stem where some article has it; words that begin so, of the last
# word, which may be half typed; else words of about its length that look like it (trigrams)
# or begin as it does, of which one is chosen below.
_READ = text("""
    select typed.word, coalesce(own.stems, '{}') as stems, begun.stems as begun, near.words as near
    from unnest(cast(:words as text[])) with ordinality as typed(word, place)
    left join lateral (
        select array_agg(lexeme) as stems,
               bool_or(exists (select from article_words
                               where language = :language and stem = lexeme)) as known
        from unnest(to_tsvector(cast(:config as regconfig), typed.word))
    ) as own on true
    left join lateral (
        select array_agg(distinct stem) as stems from (
            select stem from article_words
            where language = :language and word ~>=~ typed.word and word ~<~ (typed.word || :highest)
              and length(typed.word) > 2 and typed.place = :last
            order by word limit 20) as beginning
    ) as begun on true
    left join lateral (
        select array_agg(word order by word) as words from (
            select word from article_words
            where language = :language and looks % translate(typed.word, :cyrillic, :latin)
            union
            select word from article_words
            where language = :language
              and word ~>=~ left(typed.word, 2) and word ~<~ (left(typed.word, 2) || :highest)
        ) as alike
        where not coalesce(own.known, own.stems is null) and begun.stems is null
          and length(typed.word) > 2 and abs(length(word) - length(typed.word)) <= 2
    ) as near on true
    order by typed.place
""")
_STEMS_OF = text("""
    select word, stem from article_words where language = :language and word = any(cast(:words as text[]))
""")
_STEMS_IN = text("""
    select lexeme from unnest(to_tsvector(cast(:config as regconfig), translate(:text, 'ёЁ', 'еЕ')))
    where exists (select from article_words where language = :language and stem = lexeme)
    order by cardinality(positions) desc, lexeme limit :most
""")
_FOUND = text(f"""
    with shown as materialized ({SHOWN}),
    asked as (
        select stem, meaning
        from unnest(cast(:stems as text[]), cast(:meanings as bigint[])) as a(stem, meaning)
    ),
    hit as (
        select version.id, version.article_id, asked.meaning,
               max(ts_rank(version.words, to_tsquery('simple', asked.stem))) as rank
        from asked
        join article_versions as version on version.words @@ to_tsquery('simple', asked.stem)
        join shown on shown.version_id = version.id and shown.language = :language
        group by version.id, version.article_id, asked.meaning
    ),
    common as (select meaning, count(*) as articles from hit group by meaning),
    scored as (
        select hit.id, hit.article_id, count(*) as meanings,
               sum(hit.rank * ln(1 + (select count(*) from shown)::float / common.articles)) as score
        from hit join common using (meaning)
        group by hit.id, hit.article_id
        order by case when :by_words then count(*) end desc, 4 desc, hit.id limit :most
    )
    select article.slug, version.id, version.article_id, version.language, version.title, version.answer,
           article.category, version.audience, scored.meanings,
           ts_headline(cast(:config as regconfig), version.plain, to_tsquery('simple', :any),
                       'StartSel="{_BEGIN}", StopSel="{_END}", MaxFragments=2, MaxWords=18, MinWords=6, '
                       'FragmentDelimiter=" … "')
    from scored
    join article_versions as version on version.id = scored.id
    join articles as article on article.id = scored.article_id
    order by case when :by_words then scored.meanings end desc, scored.score desc, version.id
""")


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found. excerpt: where the words stand in it, as safe HTML with `<mark>`."""

    slug: str
    version_id: int
    article_id: int
    language: str
    title: str
    answer: str
    category: str
    audience: str
    words: int
    excerpt: Markup


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found, best first. read_as: the words it was read as, where some were misspelt."""

    hits: tuple[Hit, ...]
    language: str
    read_as: str = ""


def search(
    session: Session, typed: str, *, language: str, today: date, agents: bool = True, limit: int = FOUND
) -> Findings:
    """Articles by the words typed, in the language of their letters. agents: those for us alone, too."""
    tongue = language_of(typed, language)
    words = words_of(typed)
    if not words:
        return Findings((), tongue)
    stems, meanings, read_as = _read(session, words, tongue)
    hits = _found(session, stems, meanings, tongue, today, agents=agents, by_words=True, limit=limit)
    return Findings(hits, tongue, read_as)


def suggest(session: Session, text: str, language: str, limit: int = 5, *, today: date) -> tuple[Hit, ...]:
    """Articles that answer a text such as a ticket's, best first; in `language` unless its letters say
    otherwise. None where hardly a word of it stands in any."""
    tongue = language_of(text, language)
    given = {
        "text": text[:LONGEST_TEXT], "language": tongue, "config": CONFIGS[tongue], "most": MOST_STEMS,
    }  # fmt: skip
    stems = list(session.scalars(_STEMS_IN, given))
    meanings = list(range(len(stems)))
    hits = _found(session, stems, meanings, tongue, today, agents=True, by_words=False, limit=limit)
    return tuple(one for one in hits if one.words > 1 or len(stems) < 3)


def _read(session: Session, words: Sequence[str], language: str) -> tuple[list[str], list[int], str]:
    """Stems, each with the place of the word it may mean; and how misspelt words were read, if any were."""
    given = {
        "words": list(words), "language": language, "config": CONFIGS[language], "last": len(words),
        "cyrillic": CYRILLIC, "latin": LATIN, "highest": HIGHEST,
    }  # fmt: skip
    rows = session.execute(_READ, given).all()
    chosen = {row.word: meant(row.word, row.near) for row in rows if row.near}
    instead = [word for word in chosen.values() if word]
    stem_of: dict[str, str] = {}
    if instead:
        found = session.execute(_STEMS_OF, {"language": language, "words": instead})
        stem_of = {row.word: row.stem for row in found}
    stems, meanings = [], []
    for place, row in enumerate(rows):
        other = chosen.get(row.word)
        for stem in dict.fromkeys([stem_of[other]] if other else [*row.stems, *(row.begun or ())]):
            stems.append(stem)
            meanings.append(place)
    read = " ".join(chosen.get(row.word) or row.word for row in rows) if instead else ""
    return stems, meanings, read


def _found(
    session: Session,
    stems: Sequence[str],
    meanings: Sequence[int],
    language: str,
    today: date,
    *,
    agents: bool,
    by_words: bool,
    limit: int,
) -> tuple[Hit, ...]:
    if not stems:
        return ()
    given = {
        "stems": list(stems), "meanings": list(meanings), "language": language, "config": CONFIGS[language],
        "today": today, "agents": agents, "by_words": by_words, "most": limit, "any": " | ".join(stems),
    }  # fmt: skip
    rows = session.execute(_FOUND, given).all()
    return tuple(
        Hit(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], marked(row[9])
        )
        for row in rows
    )  # fmt: skip


def marked(excerpt: str) -> Markup:
    """An excerpt as HTML: the words found in `<mark>`, everything else escaped."""
    if _BEGIN not in excerpt:  # the words stand in the title, the answer or beside it
        return Markup("")
    safe = str(escape(excerpt)).replace(_BEGIN, "<mark>").replace(_END, "</mark>")
    return Markup(safe)  # noqa: S704 - escaped above, but for our own marks


_MISS = text("""
    insert into article_misses (language, words, last_at) values (:language, :words, :now)
    on conflict (language, words)
        do update set times = article_misses.times + 1, last_at = greatest(article_misses.last_at, :now)
""")
LONGEST_MISS = 60


def note_miss(session: Session, typed: str, language: str, now: datetime) -> bool:
    """Keeps what was looked for in vain, to be written about; nothing that has a figure or an @ in it, which
    may be somebody's number or address."""
    words = " ".join(words_of(typed))
    if (
        len(typed) > LONGEST_MISS
        or not 3 <= len(words) <= LONGEST_MISS
        or "@" in typed
        or any(sign.isdigit() for sign in typed)
    ):
        return False
    session.execute(_MISS, {"language": language, "words": words, "now": now})
    return True
