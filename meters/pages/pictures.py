"""A day drawn as a line: where its points stand in a box of 100 by 24, for inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, AIR = 100.0, 24.0, 2.0


@dataclass(frozen=True, slots=True)
class DayPicture:
    """SVG paths of the day and of the usual one (empty where there is none), and the doubted stretches as
    (x, width)."""

    day: str
    usual: str
    bands: tuple[tuple[float, float], ...]


def day_picture(
    micro: Sequence[int | None], usual: Sequence[int], at: Iterable[tuple[int, int]], size: int
) -> DayPicture:
    """A day of `size` intervals, None in holes; usual: the mean day of as many, or empty; at: the doubted
    intervals as [first, end). Both lines have one scale, from zero or the lowest value below it."""
    present = [value for value in micro if value is not None]
    low, high = min([0, *present, *usual]), max([1, *present, *usual])
    step = WIDTH / size
    return DayPicture(
        _path(micro, low, high, step),
        _path(usual, low, high, step),
        tuple((round(first * step, 2), round((end - first) * step, 2)) for first, end in at),
    )


def _path(values: Sequence[int | None], low: int, high: int, step: float) -> str:
    """Lines through the middles of intervals; a hole breaks them, and a reading between holes is a dash."""
    return "".join(_pieces(values, low, high, step))


def _pieces(values: Sequence[int | None], low: int, high: int, step: float) -> Iterator[str]:
    drawing = False
    for place, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        y = HEIGHT - AIR - (value - low) / (high - low) * (HEIGHT - 2 * AIR)
        alone = not drawing and (place + 1 == len(values) or values[place + 1] is None)
        if alone:
            yield f"M{place * step:.1f} {y:.1f}h{step:.1f}"
        else:
            yield f"{'L' if drawing else 'M'}{(place + 0.5) * step:.1f} {y:.1f}"
        drawing = True
