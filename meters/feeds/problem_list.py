"""The problems of a file, however many: the first of them in full, the rest by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from meters.domain.problems import Problem

MOST = 1_000
"""Problems told one by one."""


@dataclass(frozen=True, slots=True)
class Unlisted(Problem):
    """Stands last, for so many that are not listed."""

    count: int = 0


@dataclass(slots=True)
class ProblemList:
    """Keeps the first MOST, and how many came after them."""

    _kept: list[Problem] = field(default_factory=list)
    _more: int = 0

    def add(self, *problems: Problem) -> None:
        self.extend(problems)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if isinstance(problem, Unlisted):
                self._more += problem.count
            elif len(self._kept) < MOST:
                self._kept.append(problem)
            else:
                self._more += 1

    def pass_over(self) -> bool:
        """Whether there is no room for one more, which is counted then: its words need not be made."""
        if len(self._kept) < MOST:
            return False
        self._more += 1
        return True

    def mark(self) -> tuple[int, int]:
        """To go back to with `rewind`."""
        return len(self._kept), self._more

    def rewind(self, mark: tuple[int, int]) -> None:
        """Forget what came since the mark."""
        del self._kept[mark[0] :]
        self._more = mark[1]

    def __bool__(self) -> bool:
        return bool(self._kept)

    def listed(self) -> tuple[Problem, ...]:
        """All kept, and a last one that says how many more there were."""
        if not self._more:
            return tuple(self._kept)
        what = "1 more problem is" if self._more == 1 else f"{self._more:,} more problems are"
        words = f"{what} not listed; see to the ones above first."
        return (*self._kept, Unlisted("more_problems", words, count=self._more))
