"""The formats there are, found by listing this folder."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from meters import feeds
from meters.feeds.format import Format


@cache
def formats() -> dict[str, Format]:
    """Every format by its name, in the order of the folders' names."""
    found: dict[str, Format] = {}
    for module in iter_modules(feeds.__path__):
        of_module: tuple[Format, ...] = getattr(
            import_module(f"{feeds.__name__}.{module.name}"), "FORMATS", ()
        )
        found |= {each.name: each for each in of_module}
    return found


def recognised(head: str) -> Format | None:
    """The format whose signs the text bears."""
    return next((each for each in formats().values() if each.recognises(head)), None)
