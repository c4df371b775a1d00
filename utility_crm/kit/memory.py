"""What long batches and a serving process ask of the interpreter's memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ROUNDS = 3
"""After so many full collections a process has met what it works with: templates, statements, mappings."""


@contextmanager
def at_rest() -> Iterator[None]:
    """While it lasts, the cyclic collector looks through nothing that lived before.

    A process of ours holds half a million objects of modules and mappings. A batch that makes many rows has
    the collector go through all of them several times: a fifth of a bill run's time. Freezing and thawing
    only moves lists of objects (CPython, `gc.freeze`). Where something is frozen already, by another batch or
    by a process that serves (`settle`), whoever froze it thaws it.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def settle(rounds: int = ROUNDS) -> None:
    """From now on the cyclic collector looks through nothing that is here, nor what outlives its first
    `rounds` full collections: for a process that serves, where each of them goes through all modules,
    mappings and templates while somebody waits for a page (0.4 s, every thousand pages).

    What happens to be in use in those rounds is never collected if it is part of a cycle by then: a few
    requests' worth.
    """
    gc.collect()
    gc.freeze()
    left = rounds

    def frozen_after(phase: str, info: dict[str, Any]) -> None:
        nonlocal left
        if phase != "stop" or info["generation"] < 2:
            return
        gc.freeze()
        left -= 1
        if left <= 0:
            gc.callbacks.remove(frozen_after)

    gc.callbacks.append(frozen_after)
