"""What long batches ask of the interpreter's memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """While it lasts, the cyclic collector looks through nothing that lived before.

    A process of ours holds half a million objects of modules and mappings. A batch that makes many rows has
    the collector go through all of them several times: a fifth of a bill run's time. Freezing and thawing
    only moves lists of objects (CPython, `gc.freeze`). Where two overlap, the first to end thaws for both.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
