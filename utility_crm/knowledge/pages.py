"""The knowledge base for us: lists, search, one article, whether it helped, and articles beside a customer's
question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.errors import NotFound
from utility_crm.kit.parts import Act, CustomerCall, CustomerRoom
from utility_crm.kit.settings import settings
from utility_crm.knowledge.actions import vote
from utility_crm.knowledge.domain.markdown import as_html
from utility_crm.knowledge.domain.wording import CONFIGS
from utility_crm.knowledge.finding import Findings, note_miss, search
from utility_crm.knowledge.queries import (
    article_card,
    articles_for,
    articles_listed,
    articles_shown,
    drafts,
    in_review,
    knowledge_figures,
    misses,
)
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
PATH = "/knowledge"
ASKED = ("all", "review", "drafts", "helps", "misses", "ends")
TYPED = 8
IN_BOX = 4


@router.get("/knowledge")
def knowledge(request: Request, ask: str = "all", q: str = "", language: str = "") -> Response:
    """What may be looked up, what waits for review, what does not help, what was looked for in vain."""
    with visit(request, "articles.read") as v:
        return knowledge_page(v, ask, q, language_of_page(v, language))


@router.get("/knowledge/found")
def found(request: Request, q: str = "", language: str = "", into: str = "") -> Response:
    """The articles found while somebody types. into: the id of the field that an answer is put into."""
    with visit(request, "articles.read") as v:
        hits = looked_up(v, q, language_of_page(v, language), TYPED, keep=False)
        return HTMLResponse(v.fragment("knowledge/found.html", found=hits, q=q, into=into))


@router.get("/knowledge/named")
def named(request: Request, q: str = "") -> Response:
    """The articles below the customers found in the search box."""
    with visit(request, "articles.read") as v:
        hits = looked_up(v, q, v.user.language, IN_BOX, keep=False)
        return HTMLResponse(v.fragment("knowledge/named.html", found=hits))


@router.get("/knowledge/{slug}")
def article(request: Request, slug: str, language: str = "", number: int = 0) -> Response:
    """An article as it is shown, or one of its versions."""
    with visit(request, "articles.read") as v:
        return article_page(v, slug, language, number)


@router.post("/knowledge/{slug}/helped")
def helped(request: Request, slug: str, posted: Posting) -> Response:
    """Whether it helped; the last word of a person counts."""
    with visit(request, "articles.read") as v:
        language = language_of_page(v, posted.text("language"))

        def act() -> Response:
            shown = article_card(v.session, slug, v.today).shown_in(language)
            if shown is None:
                raise NotFound("no_such_article", mark("There is no such article."), slug)
            good = posted.one_of("helpful", ("yes", "no")).value == "yes"
            missing = posted.text("missing")
            vote(v.session, shown.id, voter=f"user-{v.user.id}", helpful=good, now=v.now, missing=missing)
            words = mark("Thank you: it helped.") if good else mark("Thank you: it did not help.")
            return v.done(v.text(words), f"{PATH}/{slug}", language=language)

        page = f"{PATH}/{slug}?language={language}"
        return handled(v, posted, "helped", act, lambda: article_page(v, slug, language, 0), back=page)


def knowledge_page(v: Visit, ask: str, q: str, language: str) -> Response:
    """The page with the question that is asked, or with what was found."""
    ask = ask if ask in ASKED else "all"
    rows: Any = ()
    if ask in ("helps", "ends"):
        rows = articles_listed(v.session, ask, v.today)
    elif ask == "all" and not q:
        rows = articles_shown(v.session, language, v.today)
    else:
        lists = {"review": in_review, "drafts": drafts, "misses": misses}
        rows = lists[ask](v.session) if ask in lists else ()
    return v.render(
        "knowledge/knowledge.html",
        ask=ask,
        q=q,
        asked_in=language,
        tongues=tuple(CONFIGS),
        rows=rows,
        found=looked_up(v, q, language, keep=True) if q and ask == "all" else None,
        figures=knowledge_figures(v.session, v.today),
    )


def article_page(v: Visit, slug: str, language: str, number: int) -> Response:
    """An article with its short answer, its text and how it stands. Raises NotFound."""
    card = article_card(v.session, slug, v.today)
    tongue = language if language in card.languages else v.user.language
    tongue = tongue if tongue in card.languages else next(iter(card.languages), v.user.language)
    version = next(
        (one for one in card.versions if one.number == number and one.language == tongue), None
    ) or (card.shown_in(tongue) or card.newest(tongue))
    if number and (version is None or version.number != number):
        raise NotFound("no_such_version", mark("There is no such version."), str(number))
    html = Markup(as_html(version.body)) if version is not None else Markup("")  # noqa: S704 - made safe
    return v.render(
        "knowledge/article.html",
        article=card,
        asked_in=tongue,
        tongues=tuple(CONFIGS),
        version=version,
        newest=card.newest(tongue),
        shown=card.shown_in(tongue),
        html=html,
        link=public_link(v.request, slug, tongue),
    )


def looked_up(v: Visit, q: str, language: str, limit: int = 20, *, keep: bool) -> Findings:
    """What a search finds; what it does not find is kept, once somebody has typed it to the end."""
    hits = search(v.session, q, language=language, today=v.today, limit=limit)
    if keep and not hits.hits:
        note_miss(v.session, q, hits.language, v.now)
    return hits


def language_of_page(v: Visit, language: str) -> str:
    """The language asked for, else the person's own, else English."""
    for one in (language, v.user.language):
        if one in CONFIGS:
            return one
    return "en"


def public_link(request: Request, slug: str, language: str) -> str:
    """Where anybody may read an article."""
    base = (settings().public_url or str(request.base_url)).rstrip("/")
    return f"{base}/help/{slug}?language={language}"


def beside_question(call: CustomerCall) -> Mapping[str, Any]:
    """What the panel of the customer page shows: articles for the question that is open."""
    language = call.language if call.language in CONFIGS else "en"
    return {"articles": articles_for(call.session, call.question, language, call.today, most=5)}


ROOM = CustomerRoom(
    acts=(
        Act(
            "h", mark("Article"), "articles.read", "knowledge/act_article.html", order=70,
            context=beside_question,
        ),
    ),
)  # fmt: skip
