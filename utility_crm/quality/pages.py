"""The page of customers kept twice: two side by side, and what a person says of them."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from utility_crm.quality.actions import ask_again, say_different
from utility_crm.quality.merging import merge_customers, undo_merge
from utility_crm.quality.queries import open_pairs, pair_figures, standing_merges
from utility_crm.quality.shown import compared, reasons_in_words, stays_in_words
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, translator

router = APIRouter()
QUESTIONS: Final = ("open", "merged", "different")
PACKAGE: Final = "utility_crm.quality"
LISTED: Final = 100
ID: Final = 2**53


@router.get("/duplicates")
def duplicates(request: Request, ask: str = "open", pair: str = "") -> Response:
    """Who may be one, who was made one, who is said to be two."""
    with visit(request, "customers.merge") as v:
        return _page(v, ask, pair)


@router.post("/duplicates/merge")
def merge(request: Request, posted: Posting) -> Response:
    """They are one; what that moves is asked about first, in figures."""
    with visit(request, "customers.merge") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            keep, gone = posted.whole("keep", 1, ID), posted.whole("gone", 1, ID)
            posted.check()
            done = merge_customers(v.session, keep.value, gone.value, v.user.id, v.now)
            rows, stay = sum(done.moved.values()), len(done.stayed)
            ngettext = counting(v.user.language, PACKAGE)
            moves = ngettext("One row changes hands", "%(num)s rows change hands", rows)
            holds = ngettext("one account among them", "%(num)s accounts among them", done.accounts)
            doubt = _(
                "%(gone)s becomes a stub of %(keep)s: %(moves)s, %(holds)s. It can be undone.",
                gone=done.gone, keep=done.keep, moves=moves, holds=holds,
            )  # fmt: skip
            posted.sure(doubt, stays_in_words(stay, v.user.language), do=_("Make them one"))
            words = _("%(gone)s is %(keep)s now: %(moves)s.", gone=done.gone, keep=done.keep, moves=moves)
            return v.done(words, "/duplicates")

        chosen = "-".join(sorted((posted.text("keep"), posted.text("gone")), key=lambda one: (len(one), one)))
        return handled(v, posted, "merge", act, lambda: _page(v, "open", chosen), back="/duplicates")


@router.post("/duplicates/different")
def different(request: Request, posted: Posting) -> Response:
    """They are two; nobody is asked again."""
    with visit(request, "customers.merge") as v:

        def act() -> Response:
            one, other = posted.whole("one", 1, ID), posted.whole("other", 1, ID)
            posted.check()
            say_different(v.session, one.value, other.value, v.user.id, v.now)
            _ = translator(v.user.language, PACKAGE)
            return v.done(_("They stay two customers."), "/duplicates")

        return handled(v, posted, "different", act, lambda: _page(v, "open", ""))


@router.post("/duplicates/again")
def again(request: Request, posted: Posting) -> Response:
    """Whether they are two is asked anew."""
    with visit(request, "customers.merge") as v:

        def act() -> Response:
            one, other = posted.whole("one", 1, ID), posted.whole("other", 1, ID)
            posted.check()
            ask_again(v.session, one.value, other.value)
            _ = translator(v.user.language, PACKAGE)
            return v.done(_("The pair is open again."), "/duplicates")

        return handled(v, posted, "again", act, lambda: _page(v, "different", ""))


@router.post("/duplicates/undo")
def undo(request: Request, posted: Posting) -> Response:
    """They are two again."""
    with visit(request, "customers.merge") as v:
        _ = translator(v.user.language, PACKAGE)

        def act() -> Response:
            merge_id = posted.whole("merge", 1, ID)
            posted.check()
            done = undo_merge(v.session, merge_id.value, v.user.id, v.now)
            rows = sum(done.back.values())
            ngettext = counting(v.user.language, PACKAGE)
            back = ngettext("One row goes back", "%(num)s rows go back", rows)
            doubt = _("The two customers stand apart again: %(back)s.", back=back)
            posted.sure(doubt, do=_("Undo the merge"))
            return v.done(doubt, "/duplicates", ask="merged")

        return handled(v, posted, "undo", act, lambda: _page(v, "merged", ""), back="/duplicates?ask=merged")


def _page(v: Visit, ask: str, chosen: str) -> HTMLResponse:
    asked = ask if ask in QUESTIONS else "open"
    pairs = () if asked == "merged" else open_pairs(v.session, LISTED, asked)
    one = next((pair for pair in pairs if pair.key == chosen), pairs[0] if pairs else None)
    return v.render(
        "quality/duplicates.html",
        chosen=asked,
        pairs=pairs,
        one=one,
        rows=compared(one, v.user.language) if one else (),
        reasons={pair.key: reasons_in_words(pair.reasons, v.user.language) for pair in pairs},
        merges=standing_merges(v.session, LISTED) if asked == "merged" else (),
        figures=pair_figures(v.session),
    )
