"""The demo's articles: each in both languages, with links that lead somewhere."""

from __future__ import annotations

from collections import Counter

from utility_crm.knowledge.actions import CATEGORIES, LONGEST
from utility_crm.knowledge.demo import DRAFT, IN_REVIEW, NOT_HELPING, prepared
from utility_crm.knowledge.domain.markdown import OURS, as_html, is_allowed, links_of
from utility_crm.knowledge.domain.wording import language_of


def test_every_article_is_there_in_both_languages_and_leads_somewhere() -> None:
    slugs = {one.slug for one in prepared()}
    assert len(slugs) >= 20
    assert set(Counter(one.slug for one in prepared()).values()) == {2}
    assert {NOT_HELPING, IN_REVIEW[0], DRAFT[0]} <= slugs
    for one in prepared():
        assert one.category in CATEGORIES and one.written.audience in ("agents", "public")
        assert language_of(one.written.title, "") == language_of(one.written.body, "") == one.language
        assert len(one.written.answer) <= LONGEST["answer"] and "<" in as_html(one.written.body)
        for link in links_of(one.written.body):
            assert is_allowed(link) and (not (found := OURS.match(link)) or found[1] in slugs), link


def test_questions_and_audience_are_the_same_in_both() -> None:
    about: dict[str, tuple[object, ...]] = {}
    for one in prepared():
        told = (one.category, one.questions, one.tags, one.written.audience)
        assert about.setdefault(one.slug, told) == told
