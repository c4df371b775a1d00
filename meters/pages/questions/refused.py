"""What was refused, in whole or in part?"""

from __future__ import annotations

from datetime import timedelta

from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.feeds_figures import DAYS_BACK, counts_lately_of
from meters.queries import recent_feeds
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import mark, translator

MOST = 200


def answer(call: FeedsCall) -> Answer:
    """How many files of the last days."""
    _ = translator(call.language, "meters")
    lately = call.once(counts_lately_of)
    part = _("%(count)s in part", count=number(lately.partial, 0, call.language))
    return Answer(number(lately.rejected, 0, call.language), part, "bad" if lately.rejected else "")


def sheet(call: FeedsCall) -> Sheet:
    """Those files, newest first."""
    since = call.begins(call.today - timedelta(days=DAYS_BACK))
    feeds = recent_feeds(call.session, statuses=("rejected", "partial"), since=since, limit=MOST)
    return Sheet("meters/questions/refused.html", {"feeds": feeds, "lately": call.once(counts_lately_of)})


QUESTION = FeedsQuestion("refused", mark("What was refused?"), 40, answer, sheet)
