"""The formats there are, found by listing this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from meters import feeds
from meters.feeds.format import Format


@cache
def formats() -> dict[str, Format]:
    """Every format by its name, in the order of the modules' names."""
    found = {}
    for module in iter_modules(feeds.__path__):
        candidate = getattr(import_module(f"{feeds.__name__}.{module.name}"), "FORMAT", None)
        if isinstance(candidate, Format):
            found[candidate.name] = candidate
    return found


def recognised(head: str) -> Format | None:
    """The format whose signs the text bears."""
    return next((each for each in formats().values() if each.recognises(head)), None)
