"""The builder: conditions one under the other, and after each change how many, who for instance, and what
each condition does. Its address holds the whole question, so it can be sent and opened again."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.settings import settings
from utility_crm.segments.actions import change_segment, save_segment
from utility_crm.segments.builder import Built, GroupRow, built_from, built_of
from utility_crm.segments.domain.tree import EVERYBODY, OPS, Tree, document_of, leaves_of
from utility_crm.segments.members import SavedSegment, segment_of
from utility_crm.segments.offers import offers, question_of
from utility_crm.segments.queries import Look, ages_of, choices_of, look, named
from utility_crm.segments.words import OP_WORDS, Words, minor_units
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()


@router.get("/segments/new")
def build(request: Request) -> Response:
    """The builder over the conditions of its address; `of` names a saved segment to begin with."""
    with visit(request, "segments.write") as v:
        given = [(name, value.replace("\0", "")) for name, value in request.query_params.multi_items()]
        asked = dict(given)
        decimals = minor_units(settings().currency)
        kept = _kept(v, asked.get("of", ""))
        if kept is not None and "item" not in asked and "do" not in asked and kept.tree is not None:
            return _page(v, built_from(kept.tree, decimals, offers()), kept)
        built = built_of(given, offers(), decimals)
        address = built.address(of=asked.get("of", ""))
        if "do" in asked and not v.hx:
            return v.redirect(address)
        response = _page(v, built, kept)
        if v.hx:
            response.headers["HX-Push-Url"] = address  # without the button: it is not pressed again
        return response


@router.post("/segments")
def save(request: Request, posted: Posting) -> Response:
    """A new segment of what was built."""
    with visit(request, "segments.write") as v:
        tree = _posted_tree(posted.text("tree"))

        def act() -> Response:
            name = posted.must("name")
            made = save_segment(v.session, name.value, tree, v.now, by=v.user.id)
            return v.done(v.text(mark("The segment is saved.")), f"/segments/{made}")

        return handled(v, posted, "save", act, partial(_again, v, tree, posted.text("of")), back="/segments")


@router.post("/segments/{segment_id}/change")
def change(request: Request, segment_id: int, posted: Posting) -> Response:
    """Another question under its name."""
    with visit(request, "segments.write") as v:
        segment_of(v.session, segment_id)
        tree = _posted_tree(posted.text("tree"))

        def act() -> Response:
            why = posted.must("why")
            changed = change_segment(v.session, segment_id, tree, why.value, v.now)
            words = v.text(mark("The segment asks for something else now."))
            return v.done(words, f"/segments/{segment_id}", nothing=not changed)

        page = partial(_again, v, tree, str(segment_id))
        return handled(v, posted, "change", act, page, back=f"/segments/{segment_id}")


def _posted_tree(text: str) -> Tree:
    return question_of(text or "{}")


def _again(v: Visit, tree: Tree, of: str) -> HTMLResponse:
    return _page(v, built_from(tree, minor_units(settings().currency), offers()), _kept(v, of))


def _kept(v: Visit, of: str) -> SavedSegment | None:
    """The saved segment whose number an address or a form names; None where it names none."""
    return segment_of(v.session, int(of)) if of.isascii() and of.isdecimal() else None


def _page(v: Visit, built: Built | None, kept: SavedSegment | None) -> HTMLResponse:
    """built None: a saved question of a shape that the builder does not draw."""
    tree: Tree = built.tree if built is not None else (kept.tree if kept and kept.tree else EVERYBODY)
    facts = {row.fact for row in built.rows if row.fact} if built else {leaf.fact for leaf in leaves_of(tree)}
    words = Words(v.user.language, settings().currency, choices_of(v.session, facts))
    found = look(v.session, tree, v.now, v.user.area_ids)
    left, alone = _by_key(built, found)
    context: dict[str, Any] = {
        "built": built, "kept": kept, "tree": json.dumps(document_of(tree)), "found": found,
        "left": left, "alone": alone, "words": words, "said": words.tree(tree), "offers": offers(),
        "ops": OPS, "op_words": OP_WORDS, "people": named(v.session, found.some),
        "ages": [(words.named(age.fact, age.parameter), age) for age in ages_of(v.session, tree)],
        "facts": sorted(((name, words.title(name)) for name in offers() if not offers()[name].base),
                        key=lambda pair: pair[1].casefold()),
        "kinds": {code: words.label("customer_kind", code) for code in offers()["customer_kind"].words},
    }  # fmt: skip
    return v.render("segments/builder.html", **context)


def _by_key(built: Built | None, found: Look) -> tuple[dict[str, int], dict[str, int]]:
    """(how many are left after it, how many it would leave alone) by the key of a row or group; of those that
    count for something."""
    left: dict[str, int] = {}
    alone: dict[str, int] = {}
    done = [item for item in built.items if item.tree is not None] if built else []
    for item, step in zip(done, found.steps, strict=False):
        left[item.key], alone[item.key] = step.left, step.alone
        if isinstance(item, GroupRow):
            rows = [row for row in item.rows if row.leaf is not None]
            alone.update(zip((row.key for row in rows), step.parts, strict=True))
    return left, alone
