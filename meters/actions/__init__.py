"""What can be done with readings. Actions never commit."""

from meters.actions.ingesting import TakenFeed, ingest
from meters.actions.rewriting import write_readings

__all__ = ["TakenFeed", "ingest", "write_readings"]
