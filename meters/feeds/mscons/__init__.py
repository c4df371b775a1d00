"""MSCONS, the EDIFACT message of metered values."""

from meters.feeds.mscons.reader import FORMAT

FORMATS = (FORMAT,)
