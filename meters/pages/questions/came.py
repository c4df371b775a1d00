"""What became of the files? A list, newest first, a page at a time."""

from __future__ import annotations

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import counts_today_of
from meters.queries import recent_feeds
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import mark, translator

FEEDS_A_PAGE = 40


def answer(call: FeedsCall) -> Answer:
    """How many came today."""
    _ = translator(call.language, "meters")
    return Answer(number(call.once(counts_today_of).feeds, 0, call.language), _("today"))


def sheet(call: FeedsCall) -> Sheet:
    """`fresh` marks the feeds sent just now, `before` begins an earlier page, as `later` says."""
    fresh = call.number("fresh")
    feeds = recent_feeds(call.session, before=call.number("before"), limit=FEEDS_A_PAGE + 1)
    later = feeds[FEEDS_A_PAGE - 1].id if len(feeds) > FEEDS_A_PAGE else None
    shown = feeds[:FEEDS_A_PAGE]
    just_sent = [feed.status for feed in shown if fresh is not None and feed.id >= fresh]
    context = {"feeds": shown, "fresh": fresh, "just_sent": just_sent, "later": later}
    return Sheet("meters/questions/came.html", context | {"counts": call.once(counts_today_of)})


QUESTION = FeedsQuestion("came", mark("What became of the files?"), 30, answer, sheet)
