"""What serves lets the collector look through less, and what is thrown away afterwards is still collected."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from utility_crm.kit.memory import at_rest, settle


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
    gc.freeze()  # as tests are run (tests/conftest.py)


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


def test_a_batch_thaws_what_it_froze_and_nothing_else() -> None:
    gc.unfreeze()
    with at_rest():
        assert gc.get_freeze_count() > 10_000
        with at_rest():
            pass
        assert gc.get_freeze_count() > 10_000, "another batch that ends leaves it"
    assert gc.get_freeze_count() == 0
    settle()
    with at_rest():
        pass
    assert gc.get_freeze_count() > 10_000, "a process that serves stays as it was"
