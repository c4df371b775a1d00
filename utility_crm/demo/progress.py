"""Progress of the build, on standard error: a bar a step, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


class Steps:
    """How the parts of the build tell how far they are: `with steps.step("Readings", 2000) as advance: ...`.

    `seconds` keeps what each finished step took, in order. Without a bar nothing is shown.
    """

    def __init__(self, bars: Progress | None = None) -> None:
        self._bars = bars
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, label: str, total: int = 1) -> Iterator[Advance]:
        """A bar of `total` parts, full when the block ends."""
        began = time.perf_counter()
        if self._bars is None:
            yield lambda _parts: None
        else:
            task = self._bars.add_task(label, total=max(total, 1))
            yield lambda parts: self._bars.advance(task, parts) if self._bars else None
            self._bars.update(task, completed=max(total, 1))
        self.seconds[label] = self.seconds.get(label, 0.0) + time.perf_counter() - began


@contextmanager
def shown_steps(**console: Any) -> Iterator[Steps]:
    """Bars on standard error; plain lines where that is no terminal are left out, the bars are drawn once."""
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, **console)) as bars:
        yield Steps(bars)
