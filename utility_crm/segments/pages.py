"""The room of segments: which there are, whom they share, how fresh their facts are; one of them from every
side. The builder is `builder_pages`, files are `files`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.settings import settings
from utility_crm.segments import builder_pages, files
from utility_crm.segments.actions import delete_segment, freeze_segment, rename_segment
from utility_crm.segments.breaking_down import USUAL, broken_down, may_be_mean, may_divide
from utility_crm.segments.domain.tree import And, Or, Tree, leaves_of
from utility_crm.segments.members import SavedSegment, segment_of
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import (
    SAMPLE,
    Age,
    ages_of,
    all_ages,
    choices_of,
    count_saved,
    everybody_of,
    last_sizes,
    overlap,
    saved_segments,
    sizes_of,
)
from utility_crm.segments.words import Words
from utility_crm.web.charts import bars
from utility_crm.web.formats import day
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
router.include_router(builder_pages.router)
router.include_router(files.router)
PATH: Final = "/segments"
QUESTIONS: Final = ("all", "shared", "fresh", "new")
OF_ONE: Final = ("who", "grew", "parts", "shared", "change")
MOST_SHARED: Final = 6
DAYS_SHOWN: Final = 14


def words_for(v: Visit, facts: Sequence[str] | set[str] = ()) -> Words:
    """Words in the reader's language, with the names of what these facts may be."""
    known = [fact for fact in facts if fact in offers()]
    return Words(v.user.language, settings().currency, choices_of(v.session, known))


def facts_of(trees: Sequence[Tree | None]) -> set[str]:
    """The facts that trees ask about."""
    return {leaf.fact for tree in trees if tree is not None for leaf in leaves_of(tree)}


@router.get("/segments")
def segments(
    request: Request, ask: str = "all", with_: Annotated[list[int] | None, Query(alias="with")] = None
) -> Response:
    """Which there are; whom some of them share; how fresh kept facts are."""
    with visit(request, "segments.read") as v:
        chosen = ask if ask in QUESTIONS else "all"
        rows = saved_segments(v.session)
        picked = [one for one in rows if one.id in (with_ or ()) and one.tree is not None][:MOST_SHARED]
        given: dict[str, Any] = {
            "ask": chosen, "rows": rows, "picked": picked, "limited": bool(v.user.area_ids),
            "may_write": v.user.may("segments.write"), "ages": _ages(v, all_ages(v.session)),
            "square": None,
        }  # fmt: skip
        if chosen == "all":
            words = words_for(v, facts_of([one.tree for one in rows]))
            given["said"] = {one.id: words.tree(one.tree) for one in rows if one.tree is not None}
            given["before"] = {
                key: sizes[0] for key, sizes in last_sizes(v.session, v.today).items() if len(sizes) > 1
            }
        if chosen == "shared" and len(picked) > 1:
            given["square"] = overlap(v.session, picked, v.now, v.user.area_ids)
        return v.render("segments/segments.html", **given)


def _ages(v: Visit, found: Sequence[Age]) -> list[tuple[str, Age]]:
    """What is kept, by name, with its age."""
    words = words_for(v, {age.fact for age in found})
    return [(words.named(age.fact, age.parameter), age) for age in found]


@router.get("/segments/{segment_id}")
def segment(
    request: Request, segment_id: int, ask: str = "who", by: str = USUAL, of: str = "yearly_use"
) -> Response:
    """One of them."""
    with visit(request, "segments.read") as v:
        return segment_page(v, segment_id, ask, by=by, of=of)


def segment_page(
    v: Visit, segment_id: int, ask: str = "who", *, by: str = USUAL, of: str = ""
) -> HTMLResponse:
    """The page of a segment over a question."""
    one = segment_of(v.session, segment_id)
    chosen = ask if ask in OF_ONE else "who"
    readable = one.tree is not None or one.frozen
    words = words_for(v, facts_of([one.tree]) | ({by} if chosen == "parts" else set()))
    sizes = [] if v.user.area_ids else sizes_of(v.session, segment_id, v.today)
    given: dict[str, Any] = {
        "ask": chosen, "one": one, "readable": readable, "limited": bool(v.user.area_ids), "sizes": sizes,
        "size": count_saved(v.session, one, v.now, v.user.area_ids) if readable else None,
        "said": words.tree(one.tree) if one.tree is not None else "",
        "conditions": _conditions(one, words),
        "ages": _ages(v, ages_of(v.session, one.tree)) if one.tree is not None else [],
        "may_write": v.user.may("segments.write"), "may_export": v.user.may("segments.export"),
        "here": f"{PATH}/{segment_id}",
    }  # fmt: skip
    if readable and chosen in _SHOWS:
        given |= _SHOWS[chosen](v, one, by if by in offers() else USUAL, of)
    if chosen == "grew" and sizes:
        shown = sizes[-DAYS_SHOWN:]
        labelled = [(day(on, v.user.language), float(size)) for on, size in shown]
        given["chart"] = bars(labelled, strong=[len(labelled) - 1])
    return v.render("segments/segment.html", **given)


def _conditions(one: SavedSegment, words: Words) -> list[tuple[str, list[str]]]:
    """Each condition of the outermost `and`, a group with its parts."""
    if one.tree is None:
        return []
    parts = one.tree.parts if isinstance(one.tree, And) else (one.tree,)
    return [
        ("", [words.tree(sub, inside=True) for sub in part.parts])
        if isinstance(part, Or)
        else (words.tree(part), [])
        for part in parts
    ]


def _who(v: Visit, one: SavedSegment, _by: str, _of: str) -> dict[str, Any]:
    people = list(everybody_of(v.session, one, v.now, v.user.area_ids, SAMPLE))
    return {"people": people, "kinds": kind_words(v)}


def _parts(v: Visit, one: SavedSegment, by: str, of: str) -> dict[str, Any]:
    by = by if may_divide(offers()[by]) else USUAL
    of = of if of in offers() and may_be_mean(offers()[of]) else ""
    told, whole = broken_down(v.session, one, by, of, v.now, v.user.area_ids)
    words = words_for(v, {by})
    return {
        "by": by, "of": of, "told": told, "whole": whole,
        "label": partial(words.label, by), "by_title": words.title(by),
        "of_title": words.title(of) if of else "", "of_unit": words.unit(of) if of else "",
        "of_money": bool(of) and offers()[of].kind == "money",
        "divide": [(name, words.title(name)) for name, offer in offers().items() if may_divide(offer)],
        "means": [(name, words.title(name)) for name, offer in offers().items() if may_be_mean(offer)],
    }  # fmt: skip


def _shared(v: Visit, one: SavedSegment, _by: str, _of: str) -> dict[str, Any]:
    others = [
        other for other in saved_segments(v.session)
        if other.id != one.id and (other.tree is not None or other.frozen)
    ]  # fmt: skip
    square = overlap(v.session, [one, *others[:12]], v.now, v.user.area_ids)
    rows = [
        (other, square[0][place], square[place][place]) for place, other in enumerate(others[:12], start=1)
    ]
    return {"others": sorted(rows, key=lambda row: -row[1])}


_SHOWS: Final = {"who": _who, "parts": _parts, "shared": _shared}


def kind_words(v: Visit) -> Mapping[str, str]:
    """Code of a kind of customer -> its words."""
    words = Words(v.user.language, settings().currency, {})
    return {code: words.label("customer_kind", code) for code in offers()["customer_kind"].words}


@router.post("/segments/{segment_id}/rename")
def rename(request: Request, segment_id: int, posted: Posting) -> Response:
    """Another name."""
    with visit(request, "segments.write") as v:
        here = f"{PATH}/{segment_id}"

        def act() -> Response:
            name, why = posted.must("name"), posted.must("why")
            changed = rename_segment(v.session, segment_id, name.value, why.value, v.now)
            return v.done(v.text(mark("It has another name now.")), here, nothing=not changed)

        page = partial(segment_page, v, segment_id, "change")
        return handled(v, posted, "rename", act, page, back=f"{here}?ask=change")


@router.post("/segments/{segment_id}/freeze")
def freeze(request: Request, segment_id: int, posted: Posting) -> Response:
    """It stays who it is now."""
    with visit(request, "segments.write") as v:
        here = f"{PATH}/{segment_id}"

        def act() -> Response:
            why = posted.must("why")
            freeze_segment(v.session, segment_id, why.value, v.now)
            return v.done(v.text(mark("It is frozen: it stays the customers it has now.")), here)

        page = partial(segment_page, v, segment_id, "change")
        return handled(v, posted, "freeze", act, page, back=f"{here}?ask=change")


@router.post("/segments/{segment_id}/delete")
def delete(request: Request, segment_id: int, posted: Posting) -> Response:
    """It is gone, once that was asked."""
    with visit(request, "segments.write") as v:

        def act() -> Response:
            why = posted.must("why")
            posted.check()
            doubt = v.text(mark("It is on no list any more, and that cannot be taken back."))
            posted.sure(doubt, do=v.text(mark("Delete it all the same")))
            delete_segment(v.session, segment_id, why.value, v.now)
            return v.done(v.text(mark("The segment is deleted.")), PATH)

        page = partial(segment_page, v, segment_id, "change")
        return handled(v, posted, "delete", act, page, back=f"{PATH}/{segment_id}?ask=change")
