"""States of models, and why they came to them, as people say it."""

from __future__ import annotations

from churn.domain.drift import SCORE
from churn.domain.facts import CATEGORICAL, GROUP_OF
from churn.words import FACTS, GROUPS
from utility_crm.web.words import mark

STATES = {
    "champion": mark("champion"),
    "challenger": mark("challenger"),
    "retired": mark("retired"),
    "refused": mark("refused"),
}
VERDICTS = {
    "first": mark("there was none before"),
    "unregistered": mark("the one before could no longer be held against it"),
    "earlier": mark("the champion learned at a later date"),
    "better": mark("better on later customers by more than the standard error"),
    "old": mark("not seen to be worse, and the champion is old"),
    "drifted": mark("not seen to be worse, and the customers have changed"),
    "untested": mark("too few left to tell it from the champion"),
    "not_surely_better": mark("not better than the champion by more than the standard error"),
    "worse": mark("worse than the champion on later customers"),
    "too_few": mark("too few have left to learn from"),
    "too_short": mark("the bills do not reach back far enough"),
    "replaced": mark("another became champion"),
    "newer": mark("a newer one took its place"),
}
WATCHED_WORDS = {
    SCORE: mark("Chance itself"),
    **{name: GROUPS[GROUP_OF[name]] for name in CATEGORICAL},
    **FACTS,
}
"""What may change: facts, and the score."""
