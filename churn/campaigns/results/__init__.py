"""What a campaign did: counted by arm, segment and way, and held against the group that was left alone.

Everybody who was drawn counts, reached or not. Each question is told anew every day until its own day
(`churn.domain.campaigns.judging`); then the clock judges it, and what is kept is read. Import from here.
"""

from churn.campaigns.results.campaigned import Campaigned, campaigned
from churn.campaigns.results.counting import Counts, keep_day
from churn.campaigns.results.following import FOLLOWED, TAKEN, TWICE, followed
from churn.campaigns.results.rows import Moved, Row
from churn.campaigns.results.told import Results, results

__all__ = [
    "FOLLOWED",
    "TAKEN",
    "TWICE",
    "Campaigned",
    "Counts",
    "Moved",
    "Results",
    "Row",
    "campaigned",
    "followed",
    "keep_day",
    "results",
]
