"""Tables of register reads, a read a row."""

from meters.feeds.registers.reader import FORMAT

FORMATS = (FORMAT,)
