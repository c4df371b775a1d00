"""The knowledge base's part of the demo utility: articles in two languages, written by one and approved by
another, some votes, a draft, one in review; who voted is simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.demo.context import DemoBuild
from utility_crm.demo.random_streams import stream
from utility_crm.knowledge.actions import (
    Written,
    approve,
    begin_article,
    hand_in,
    vote,
    write_version,
)
from utility_crm.knowledge.finding import note_miss

FOLDER = Path(__file__).parent / "articles"
WRITTEN_DAYS_BEFORE = 120
NOT_HELPING = "price-change"
IN_REVIEW = ("pay-in-parts", "If a part falls due on a holiday, the next working day counts.")
DRAFT = ("flicker", "Is it the lamp alone? Put in another one first.")
MISSES = (("heat pump tariff", 4), ("solar feed in", 3), ("charge my car", 2))


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article's text in one language, as its file has it."""

    slug: str
    language: str
    category: str
    tags: tuple[str, ...]
    questions: tuple[str, ...]
    written: Written


@cache
def prepared() -> tuple[Prepared, ...]:
    """Every file of the folder: `name: value` lines, an empty line, the text."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.md")))


def _read(path: Path) -> Prepared:
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    lines = (line.partition(":") for line in head.splitlines())
    told = {name: value.strip() for name, _colon, value in lines}
    slug, language = path.stem.rsplit(".", 1)
    written = Written(
        told["title"], told["answer"], body, keywords=told["keywords"], audience=told["audience"]
    )
    return Prepared(
        slug, language, told["category"], _listed(told["tags"]), _listed(told["questions"]), written
    )


def _listed(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def build(context: DemoBuild) -> None:
    """Write them by the same actions as people would."""
    roles = {
        row.role: row.id for row in context.connection.execute(text("select role, id from users order by id"))
    }
    author, editor = roles["agent"], roles["admin"]
    at = datetime.combine(context.plan.as_of - timedelta(days=WRITTEN_DAYS_BEFORE), time(10), UTC)
    with context.steps.step("Articles", 1) as advance, context.session() as session:
        ids: dict[str, int] = {}
        for one in prepared():
            if one.slug not in ids:
                ids[one.slug] = begin_article(
                    session, slug=one.slug, category=one.category, now=at, by=author, tags=one.tags,
                    questions=one.questions,
                )  # fmt: skip
        shown = {}
        for one in prepared():
            version = write_version(session, ids[one.slug], one.language, one.written, now=at, by=author)
            assert version is not None, "nothing was written before"
            hand_in(session, version, now=at, by=author)
            approve(session, version, now=at + timedelta(days=1), today=at.date(), by=editor)
            shown[one.slug, one.language] = version
        _votes(context, session, shown)
        _at_work(context, session, ids, author)
        advance(1)
    context.analyse("articles", "article_versions", "article_approvals", "article_words", "article_votes")


def _votes(context: DemoBuild, session: Session, shown: dict[tuple[str, str], int]) -> None:
    draw = stream(context.plan.seed, "article votes")
    at = datetime.combine(context.plan.as_of - timedelta(days=3), time(12), UTC)
    for (slug, _language), version in shown.items():
        helps = 0.3 if slug == NOT_HELPING else 0.85
        for number in range(int(draw.integers(1, 9))):
            good = bool(draw.random() < helps)
            vote(session, version, voter=f"web-simulated-{number}", helpful=good, now=at)
        if slug == NOT_HELPING:
            for number in range(4):
                missing = "the old price beside the new one" if number == 0 else ""
                voter = f"web-simulated-no-{number}"
                vote(session, version, voter=voter, helpful=False, now=at, missing=missing)


def _at_work(context: DemoBuild, session: Session, ids: dict[str, int], author: int) -> None:
    at = datetime.combine(context.plan.as_of - timedelta(days=2), time(15), UTC)
    texts = {one.slug: one.written for one in prepared() if one.language == "en"}
    for slug, sentence in (IN_REVIEW, DRAFT):
        changed = replace(texts[slug], body=f"{texts[slug].body}\n\n{sentence}", note="One sentence more")
        version = write_version(session, ids[slug], "en", changed, now=at, by=author)
        if slug == IN_REVIEW[0] and version is not None:
            hand_in(session, version, now=at, by=author)
    for words, times in MISSES:
        for _ in range(times):
            note_miss(session, words, "en", at)
