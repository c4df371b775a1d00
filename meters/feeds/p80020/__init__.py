"""80020, Russia's half-hourly XML."""

from meters.feeds.p80020.reader import FORMAT

FORMATS = (FORMAT,)
