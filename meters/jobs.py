"""What the clock calls of the meters."""

from __future__ import annotations

from datetime import time

from meters.balance.balancing import balance_network
from meters.completeness.jobs import count_days, count_days_anew
from meters.findings.jobs import estimate_late_gaps, review_readings
from meters.sources.jobs import watch_sources
from meters.store.keeping import keep_readings
from meters.visits.tomorrow import tell_of_tomorrow
from utility_crm.auth.tokens_answers import forget_answers
from utility_crm.kit.module import Job
from utility_crm.web.words import mark

FORGOTTEN = mark("%(gone)s answers forgotten")
"""What `forget_answers` says: the ground has no catalogue of its own below the pages."""

JOBS = (
    Job("meters.count_days", 60, count_days, mark("Count the days that feeds touched")),
    Job("meters.count_days_anew", 86_400, count_days_anew, mark("Count all days anew"), at=time(3, 10)),
    Job("meters.watch_sources", 600, watch_sources, mark("Look for feeds that are late")),
    Job("meters.review_readings", 600, review_readings, mark("Look readings over")),
    Job(
        "meters.estimate_late_gaps",
        86_400,
        estimate_late_gaps,
        mark("Estimate gaps that nobody filled"),
        at=time(4, 10),
    ),
    Job("meters.balance_network", 600, balance_network, mark("Balance the network")),
    Job("meters.tell_of_visits", 3600, tell_of_tomorrow, mark("Tell of tomorrow's visits")),
    Job("meters.keep_readings", 86_400, keep_readings, mark("Drop readings past their time"), at=time(2, 40)),
    Job(
        "meters.forget_answers",
        86_400,
        forget_answers,
        mark("Forget old answers to machines"),
        at=time(2, 20),
    ),
)
