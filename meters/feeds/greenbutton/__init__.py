"""Green Button, the Atom feed of ESPI."""

from meters.feeds.greenbutton.reader import FORMAT

FORMATS = (FORMAT,)
