"""Where feeds come from, how often they come, and which of them is late."""

from meters.sources.actions import set_source
from meters.sources.learning import learn_sources
from meters.sources.queries import FeedSourceRow, SourceCounts, feed_sources, source_counts

__all__ = [
    "FeedSourceRow",
    "SourceCounts",
    "feed_sources",
    "learn_sources",
    "set_source",
    "source_counts",
]
