"""What serves lets the collector look through less, and what is thrown away afterwards is still collected."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from utility_crm.kit.memory import settle


class Node:
    """Part of a cycle."""

    def __init__(self) -> None:
        self.other: Node | None = None


def a_cycle() -> weakref.ref[Node]:
    one, other = Node(), Node()
    one.other, other.other = other, one
    return weakref.ref(one)


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    known = list(gc.callbacks)
    yield
    gc.callbacks[:] = known
    gc.unfreeze()


def test_what_is_there_is_looked_through_no_more_and_later_cycles_go() -> None:
    calls = len(gc.callbacks)
    settle(2)
    began = gc.get_freeze_count()
    assert began > 10_000 and len(gc.get_objects()) < began / 10
    kept = [Node() for _ in range(1000)]
    dead = a_cycle()
    gc.collect(1)
    assert gc.get_freeze_count() == began, "only full collections say what stays"
    gc.collect()
    assert dead() is None and gc.get_freeze_count() >= began + len(kept)
    gc.collect()
    assert len(gc.callbacks) == calls, "after its rounds nothing more is kept"
    later = a_cycle()
    gc.collect()
    assert later() is None
