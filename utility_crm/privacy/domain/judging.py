"""Whether somebody may be forgotten now, and what of them stays until when. Pure.

Nothing of a person goes while there is something between them and the house: a contract, money, a
complaint, a
hold that a person placed (GDPR, art. 17(3)(b) and (e)). When nothing is, everything goes but what the law
keeps
by its kind; kinds whose time is over by then go at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from utility_crm.privacy.domain.law import Rule, until


@dataclass(frozen=True, slots=True)
class Standing:
    """Something in the way: its code, how many, and which. Many is 0: it is not."""

    code: str
    many: int
    which: str = ""


@dataclass(frozen=True, slots=True)
class PlacedHold:
    """A person says that nothing may go."""

    id: int
    reason: str
    placed_by: str
    review_on: date


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of data that stays until the end of a day, and by which rule."""

    kind: str
    until: date
    source: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """waits: what stands in the way, holds: who wants it kept; with either, nothing goes. kept: what would
    stay
    if it went today. over: kinds there is something of whose time has passed."""

    waits: tuple[Standing, ...]
    holds: tuple[PlacedHold, ...]
    kept: tuple[Kept, ...]
    over: tuple[str, ...]

    @property
    def may_go(self) -> bool:
        return not self.waits and not self.holds

    @property
    def kept_until(self) -> date | None:
        """The last day on which anything is kept; None where nothing is."""
        return max((one.until for one in self.kept), default=None)

    def keeps(self, kind: str) -> bool:
        """Whether rows of this kind stay; "last" is what stays as long as anything does."""
        return bool(self.kept) if kind == "last" else any(one.kind == kind for one in self.kept)


def judge(
    standings: Sequence[Standing],
    holds: Sequence[PlacedHold],
    last: Mapping[str, date | None],
    rules: Mapping[str, Rule],
    today: date,
) -> Judgement:
    """last: of each kind, the last day that its time counts from; None where there is nothing of it. A kind
    that no rule speaks of is not kept."""
    kept, over = [], []
    for kind in sorted(last):
        day, rule = last[kind], rules.get(kind)
        if day is None or rule is None:
            continue
        ends = until(day, rule)
        if ends >= today:
            kept.append(Kept(kind, ends, rule.source))
        else:
            over.append(kind)
    in_the_way = tuple(one for one in standings if one.many)
    return Judgement(in_the_way, tuple(holds), tuple(kept), tuple(over))
