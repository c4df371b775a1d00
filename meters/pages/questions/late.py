"""Is anything late? Feeds that come regularly, and which of them did not."""

from __future__ import annotations

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.sources import SourceCounts, feed_sources, source_counts
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import counting, mark, translator


def counts_of(call: FeedsCall) -> SourceCounts:
    """Use it through `call.once`."""
    return source_counts(call.session, call.now)


def answer(call: FeedsCall) -> Answer:
    """How many feeds, and for how long the worst has been silent."""
    ngettext, counts = counting(call.language, "meters"), call.once(counts_of)
    if counts.silent_since is None:
        return Answer(translator(call.language, "meters")("Nothing"))
    hours = int((call.now - counts.silent_since).total_seconds() // 3600)
    feeds = ngettext("%(num)s feed", "%(num)s feeds", counts.late)
    said = ngettext("%(shown)s hour", "%(shown)s hours", hours, shown=number(hours, 0, call.language))
    return Answer(feeds, said, "bad")


def sheet(call: FeedsCall) -> Sheet:
    """Late ones first. A refused form names its source in `given`."""
    context = {"counts": call.once(counts_of), "sources": feed_sources(call.session)}
    return Sheet("meters/questions/late.html", context)


QUESTION = FeedsQuestion("late", mark("Is anything late?"), 28, answer, sheet)
