"""Workbooks, read as the tables they hold."""

from meters.feeds.xlsx.reader import FORMAT

FORMATS = (FORMAT,)
