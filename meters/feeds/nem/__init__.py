"""NEM12 and NEM13, the meter files of the Australian market."""

from meters.feeds.nem import nem12, nem13

FORMATS = (nem12.FORMAT, nem13.FORMAT)
