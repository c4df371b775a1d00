"""How far a long command is, on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

LARGE_BYTES = 50 * 2**20
"""A file above this is spoken of off a terminal, too."""

_STAGES = {"read": ("Reading", 2**20, "MB"), "store": ("Storing", 1, "days")}
_SHARE = 10  # percent between two lines


class Watch(Protocol):
    """Told a stage (read, store), how much of it is done, and of how much: bytes read, days stored."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


@contextmanager
def progress(path: Path) -> Iterator[Watch | None]:
    """Shows how far the work on a file is while the block lasts; None where nothing is shown."""
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console, path) as shown:
            yield shown
    elif path.stat().st_size > LARGE_BYTES:
        yield _Lines(path)
    else:
        yield None


@contextmanager
def _bar(console: Console, path: Path) -> Iterator[Watch]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[amount]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def watch(stage: str, done: int, total: int, /) -> None:
            if stage not in tasks:
                for earlier in tasks.values():
                    shown.update(earlier, visible=False)
                words = f"{_STAGES[stage][0]} {path.name}"
                tasks[stage] = shown.add_task(words, total=total, amount="")
            shown.update(tasks[stage], completed=done, total=total, amount=_amount(stage, done, total))

        yield watch


class _Lines:
    """A line each tenth of a stage."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._said: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        share = done * 100 // (total or 1) // _SHARE
        if share > self._said.get(stage, 0):
            self._said[stage] = share
            sys.stderr.write(f"{_STAGES[stage][0]} {self._name}: {_amount(stage, done, total)}\n")
            sys.stderr.flush()


def _amount(stage: str, done: int, total: int) -> str:
    _word, size, unit = _STAGES[stage]
    return f"{done // size:,} of {total // size:,} {unit}"
