"""What the clock calls of the meters."""

from __future__ import annotations

from meters.balance.balancing import balance_network
from meters.completeness.jobs import count_days, count_days_anew
from meters.findings.jobs import estimate_late_gaps, review_readings
from meters.sources.jobs import watch_sources
from meters.store.keeping import keep_readings
from utility_crm.auth.tokens_answers import forget_answers
from utility_crm.kit.module import Job

JOBS = (
    Job("meters.count_days", 60, count_days),
    Job("meters.count_days_anew", 86_400, count_days_anew),
    Job("meters.watch_sources", 600, watch_sources),
    Job("meters.review_readings", 600, review_readings),
    Job("meters.estimate_late_gaps", 86_400, estimate_late_gaps),
    Job("meters.balance_network", 600, balance_network),
    Job("meters.keep_readings", 86_400, keep_readings),
    Job("meters.forget_answers", 86_400, forget_answers),
)
