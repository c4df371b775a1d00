"""Tables of readings as text, a reading a row."""

from meters.feeds.csv.table import FORMAT

FORMATS = (FORMAT,)
