"""When does my contract end? What of it ends when, at each place; of an organisation, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from billing.life.customer import places
from billing.life.previews import SuppliedHere
from billing.queries.endings import KINDS, WINDOWS, Site, Sites, read_key, sites_of, soonest
from billing.wording import say
from utility_crm.kit.parts import Answer, CustomerCall, Question, Sheet, Todo
from utility_crm.web.formats import day_year
from utility_crm.web.words import counting, mark

SOON = timedelta(days=60)
"""What ends within this time is spoken of."""
KEY = "ends"


def _running(call: CustomerCall) -> list[SuppliedHere]:
    return [one for one in call.once(places) if one.runs_on(call.today)]


def _ends(call: CustomerCall, one: SuppliedHere) -> date | None:
    """The last day of what ends first of it."""
    days = (one.ends_before, one.term_before, one.fixed_before, one.guaranteed_before)
    return soonest(days, call.today)


def _answer(call: CustomerCall) -> Answer:
    _, ngettext = say(call.language), counting(call.language, "billing")
    mine = _running(call)
    if not mine:
        return Answer(_("no contract"))
    ends = [found for one in mine if (found := _ends(call, one)) is not None]
    several = ngettext("one site", "%(num)s sites", len(mine)) if len(mine) > 1 else ""
    if not ends:
        return Answer(_("no end agreed"), several)
    first = min(ends)
    return Answer(day_year(first, call.language), several, "warn" if first <= call.today + SOON else "")


def _sheet(call: CustomerCall) -> Sheet:
    asked = call.params.get("within", "")
    within = next((days for days in WINDOWS if str(days) == asked), None)
    sites = sites_of(
        call.session, call.customer_id, call.today, within=within,
        after=read_key(call.params.get("after", "")),
    )  # fmt: skip
    context = {
        "sites": sites,
        "within": within,
        "windows": WINDOWS,
        "ending_words": KINDS,
        "changing": _chosen(call, sites),
        "paged": "after" in call.params,
    }
    return Sheet("billing/endings.html", context)


def _chosen(call: CustomerCall, sites: Sites) -> Site | None:
    """The site that the address names, on whichever page it is."""
    known = read_key(f"~{call.params.get('agreement', '')}")
    if known is None:
        return None
    here = next((one for one in sites.rows if one.agreement_id == known[1]), None)
    alone = sites_of(call.session, call.customer_id, call.today, only=known[1]).rows if here is None else ()
    return here or next(iter(alone), None)


def todos(call: CustomerCall) -> Sequence[Todo]:
    """A contract, or its price, that ends soon is spoken of before somebody else does."""
    _, ngettext = say(call.language), counting(call.language, "billing")
    soon = [
        found
        for one in _running(call)
        if (found := _ends(call, one)) is not None and found <= call.today + SOON and one.ends_before is None
    ]
    if not soon:
        return ()
    day = day_year(min(soon), call.language)
    sites = ngettext("one contract", "%(num)s contracts", len(soon))
    href = f"/customers/{call.customer_id}?ask={KEY}&within=90"
    text = _("Say what follows when their contract or price ends")
    return (Todo(text, _("%(sites)s, the first on %(day)s", sites=sites, day=day), href, order=52),)


QUESTION = Question(KEY, mark("When does my contract end?"), 49, _answer, _sheet)
