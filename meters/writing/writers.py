"""The writers there are, found by listing this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from meters import writing
from meters.writing.writer import Writer


@cache
def writers() -> dict[str, Writer]:
    """Every writer by its format's name, in the order of the modules' names."""
    found = {}
    for module in iter_modules(writing.__path__):
        candidate = getattr(import_module(f"{writing.__name__}.{module.name}"), "WRITER", None)
        if isinstance(candidate, Writer):
            found[candidate.name] = candidate
    return found
