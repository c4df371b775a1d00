"""A watched folder: each file taken once, then moved to `done` or `refused` with a report beside it."""

from meters.watching.watch import Came, Watch

__all__ = ["Came", "Watch"]
