"""What can be done with readings. Actions never commit."""

from meters.actions.ingesting import TakenFeed, ingest

__all__ = ["TakenFeed", "ingest"]
