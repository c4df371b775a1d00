"""What ops may ask: a module here is a question of the page /feeds, found by listing.

Each exposes `QUESTION`, a `FeedsQuestion`; nothing else names it.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from meters.pages.feeds_call import FeedsQuestion


@cache
def feeds_questions() -> tuple[FeedsQuestion, ...]:
    """Every question in the order of the page. Raises ValueError where two have one key."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    found: list[FeedsQuestion] = [import_module(f"{__name__}.{name}").QUESTION for name in names]
    if len({one.key for one in found}) < len(found):
        raise ValueError(f"two questions have one key: {sorted(one.key for one in found)}")
    return tuple(sorted(found, key=lambda one: (one.order, one.key)))
