"""Is yesterday whole? What is in of what is due, by area and day."""

from __future__ import annotations

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import known_of
from meters.queries import recent_feeds
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import percent
from utility_crm.web.words import mark, translator

FEEDS_BESIDE = 8


def answer(call: FeedsCall) -> Answer:
    """Yesterday's share."""
    _ = translator(call.language, "meters")
    latest = call.once(known_of).latest
    if not latest.due:
        return Answer(_("Nothing is due"))
    share = percent(latest.share, 1, call.language)
    return Answer(share, _("it is"), "") if latest.whole else Answer(share, _("it is not"), "warn")


def sheet(call: FeedsCall) -> Sheet:
    """The heatmap, and the latest files."""
    context = {"known": call.once(known_of), "feeds": recent_feeds(call.session, limit=FEEDS_BESIDE)}
    return Sheet("meters/questions/whole.html", context)


QUESTION = FeedsQuestion("whole", mark("Is yesterday whole?"), 10, answer, sheet)
