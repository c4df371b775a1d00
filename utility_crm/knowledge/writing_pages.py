"""Writing articles: a new one, a new version, what became of a text, review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.knowledge.actions import (
    AUDIENCES,
    CATEGORIES,
    LONGEST,
    Written,
    approve,
    begin_article,
    bring_back,
    change_about,
    hand_in,
    retire,
    send_back,
    write_version,
)
from utility_crm.knowledge.domain.difference import Line, around_changes, difference
from utility_crm.knowledge.domain.wording import CONFIGS
from utility_crm.knowledge.pages import PATH, article_page, language_of_page
from utility_crm.knowledge.queries import ArticleCard, Version, article_card
from utility_crm.web.forms import Given, Posted, as_day
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
COMPARED = (
    ("title", mark("Title")), ("answer", mark("Short answer")), ("body", mark("Text")),
    ("keywords", mark("What people say instead")), ("audience", mark("For whom")),
)  # fmt: skip


@router.get("/knowledge/new")
def new(request: Request, title: str = "") -> Response:
    """An article that is not there yet."""
    with visit(request, "articles.write") as v:
        return _form_page(v, None, language_of_page(v, ""), title=title)


@router.post("/knowledge/new")
def begin(request: Request, posted: Posting) -> Response:
    """Its first version, a draft."""
    with visit(request, "articles.write") as v:
        language = language_of_page(v, posted.text("language"))

        def act() -> Response:
            slug, written = posted.must("slug"), _written(posted)
            made = begin_article(
                v.session, slug=slug.value, category=posted.text("category"), now=v.now, by=v.user.id,
                tags=posted.text("tags").split(","), questions=posted.every("question"),
            )  # fmt: skip
            version = write_version(v.session, made, language, written(), now=v.now, by=v.user.id, seen=0)
            assert version is not None, "there was none before"
            return _kept(v, posted, slug.value, language, version)

        return handled(v, posted, "article", act, lambda: _form_page(v, None, language), back=PATH)


@router.get("/knowledge/{slug}/edit")
def edit(request: Request, slug: str, language: str = "") -> Response:
    """The newest version as a form."""
    with visit(request, "articles.write") as v:
        card = article_card(v.session, slug, v.today)
        return _form_page(v, card, language_of_page(v, language))


@router.post("/knowledge/{slug}/edit")
def write(request: Request, slug: str, posted: Posting) -> Response:
    """A new version; the one before stays as it was."""
    with visit(request, "articles.write") as v:
        card = article_card(v.session, slug, v.today)
        language = language_of_page(v, posted.text("language"))
        back = f"{PATH}/{slug}?language={language}"

        def act() -> Response:
            written, seen = _written(posted), posted.whole("seen")
            change_about(
                v.session, card.id, category=posted.text("category"), tags=posted.text("tags").split(","),
                questions=posted.every("question"),
            )  # fmt: skip
            version = write_version(
                v.session, card.id, language, written(), now=v.now, by=v.user.id, seen=seen.value
            )
            if version is None:
                return v.done(v.text(mark("The text is as it was.")), back, nothing=True)
            return _kept(v, posted, slug, language, version)

        return handled(v, posted, "article", act, lambda: _form_page(v, card, language), back=back)


@router.get("/knowledge/{slug}/versions")
def versions(request: Request, slug: str, language: str = "", older: int = 0, newer: int = 0) -> Response:
    """What became of the text between two versions, by default the shown one and the newest."""
    with visit(request, "articles.read") as v:
        card = article_card(v.session, slug, v.today)
        tongue = language_of_page(v, language)
        every = [one for one in card.versions if one.language == tongue]
        after = _numbered(every, newer) or (every[0] if every else None)
        before = _numbered(every, older) or _before(card, every, after)
        return v.render(
            "knowledge/versions.html",
            article=card,
            asked_in=tongue,
            every=every,
            before=before,
            after=after,
            compared=_compared(before, after),
        )


@router.post("/knowledge/{slug}/review/{act}")
def review(request: Request, slug: str, act: str, posted: Posting) -> Response:
    """Hand a version in, approve it, or send it back."""
    needed = "articles.write" if act == "hand-in" else "articles.approve"
    with visit(request, needed) as v:
        language = language_of_page(v, posted.text("language"))
        back = f"{PATH}/{slug}?language={language}"

        def done() -> Response:
            version = posted.whole("version", 1, 10**9).value
            if act == "approve":
                approve(v.session, version, now=v.now, today=v.today, by=v.user.id)
                return v.done(v.text(mark("Approved: from its first day on it is what is shown.")), back)
            if act == "send-back":
                send_back(v.session, version, note=posted.text("note"), now=v.now, by=v.user.id)
                return v.done(v.text(mark("Sent back to its author.")), back)
            hand_in(v.session, version, now=v.now, by=v.user.id, note=posted.text("note"))
            return v.done(v.text(mark("Handed in: somebody else approves it.")), back)

        return handled(v, posted, "review", done, lambda: article_page(v, slug, language, 0), back=back)


@router.post("/knowledge/{slug}/retire")
def retired(request: Request, slug: str, posted: Posting) -> Response:
    """Nobody is shown it any more; or it is brought back."""
    with visit(request, "articles.approve") as v:
        card = article_card(v.session, slug, v.today)

        def act() -> Response:
            if posted.text("back"):
                bring_back(v.session, card.id)
                return v.done(v.text(mark("It is shown again, as it was approved.")), f"{PATH}/{slug}")
            retire(v.session, card.id, because=posted.text("because"), now=v.now, by=v.user.id)
            return v.done(v.text(mark("Retired: nobody is shown it any more.")), f"{PATH}/{slug}")

        page = f"{PATH}/{slug}"
        return handled(v, posted, "retire", act, lambda: article_page(v, slug, "", 0), back=page)


def _form_page(v: Visit, card: ArticleCard | None, language: str, *, title: str = "") -> Response:
    newest = card.newest(language) if card is not None else None
    asked = [
        (one.key, v.text(one.title))
        for _, room in v.request.app.state.customer_rooms
        for one in room.questions
    ]
    return v.render(
        "knowledge/edit.html",
        article=card,
        asked_in=language,
        tongues=tuple(CONFIGS),
        newest=newest,
        categories=CATEGORIES,
        audiences=AUDIENCES,
        longest=LONGEST,
        questions=asked,
        title_given=title[: LONGEST["title"]],
    )


def _written(posted: Posted) -> Callable[[], Written]:
    """Reads every field; the text itself is asked for when all are read."""
    title, answer = posted.must("title"), posted.must("answer")
    first, until = posted.field("valid_from", _day_or_none), posted.field("valid_until", _day_or_none)
    return lambda: Written(
        title.value, answer.value, posted.text("body"), posted.text("keywords"), posted.text("audience"),
        posted.text("note"), _value(first), _value(until),
    )  # fmt: skip


def _value(given: Given[date | None]) -> date | None:
    return given.value


def _day_or_none(typed: str) -> date | None:
    return as_day(typed) if typed else None


def _kept(v: Visit, posted: Posted, slug: str, language: str, version: int) -> Response:
    path = f"{PATH}/{slug}"
    if posted.text("hand_in"):
        hand_in(v.session, version, now=v.now, by=v.user.id)
        return v.done(v.text(mark("Kept and handed in: somebody else approves it.")), path, language=language)
    return v.done(v.text(mark("Kept as a draft.")), path, language=language)


def _numbered(every: Sequence[Version], number: int) -> Version | None:
    return next((one for one in every if one.number == number), None)


def _before(card: ArticleCard, every: Sequence[Version], after: Version | None) -> Version | None:
    """What to compare with: the shown version, or the one before."""
    if after is None:
        return None
    older = [one for one in every if one.number < after.number]
    return next((one for one in older if one.id in card.shown.values()), older[0] if older else None)


def _compared(before: Version | None, after: Version | None) -> list[tuple[str, tuple[Line | None, ...]]]:
    """The fields that differ, each line by line. Without an older version all of the newer one is new."""
    if after is None:
        return []
    found: list[tuple[str, Any]] = []
    for name, title in COMPARED:
        lines = difference(getattr(before, name) if before else "", getattr(after, name))
        if any(part.kind != "same" for line in lines for part in line):
            found.append((title, around_changes(lines)))
    return found
