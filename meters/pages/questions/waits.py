"""What waits for me? Readings in doubt, to be kept, estimated or edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from meters.domain.decimals import decimal_text
from meters.domain.validation.rulebook import RULES
from meters.findings.deciding import finding_proposal
from meters.findings.estimating import Proposal
from meters.findings.queries import (
    DayShown,
    FindingRow,
    WaitingCounts,
    areas_waiting,
    days_shown,
    decided_findings,
    finding,
    waiting_counts,
    waiting_findings,
)
from meters.pages.feeds_call import FeedsCall, FeedsQuestion
from meters.pages.pictures import DayPicture, day_picture
from utility_crm.kit.errors import CareError
from utility_crm.kit.parts import Answer, Sheet
from utility_crm.web.formats import number
from utility_crm.web.words import mark, translator

A_PAGE = 25
FILTERS = ("rule", "segment", "area")


@dataclass(frozen=True, slots=True)
class IntervalShown:
    """One interval of a day in doubt: when, what stands there (None: nothing), the usual and the estimated
    value where they are known; millionths of the unit."""

    place: int
    starts_at: datetime
    ends_before: datetime
    stands: int | None
    usual: int | None
    estimate: int | None
    doubted: bool

    @property
    def proposed(self) -> str:
        """What the form begins with: the estimate where the interval is in doubt, else what stands."""
        value = self.estimate if self.doubted and self.estimate is not None else self.stands
        return "" if value is None else decimal_text(value, 6)


@dataclass(frozen=True, slots=True)
class Opened:
    """One finding in full: a day of it, its intervals, what an estimate would put there (or why it cannot),
    and what was decided about this channel before."""

    row: FindingRow
    day: date
    picture: DayPicture
    intervals: tuple[IntervalShown, ...]
    proposal: Proposal | None
    not_estimable: CareError | None
    before: tuple[FindingRow, ...]

    @property
    def all_days(self) -> list[date]:
        """Every day of the finding."""
        return [date.fromordinal(day) for day in sorted(self.row.days)]


def counts_of(call: FeedsCall) -> WaitingCounts:
    """How many findings wait."""
    return waiting_counts(call.session)


def answer(call: FeedsCall) -> Answer:
    """How many, and how many would make a bill wrong."""
    _ = translator(call.language, "meters")
    counts = call.once(counts_of)
    bad = number(counts.bad, 0, call.language)
    detail = _("%(count)s grave", count=bad) if counts.bad else ""
    return Answer(number(counts.all, 0, call.language), detail, "bad" if counts.bad else "")


def sheet(call: FeedsCall) -> Sheet:
    """The queue, and the finding chosen from it."""
    filters = {name: call.params.get(name, "") for name in FILTERS}
    skip = call.number("skip") or 0
    matching, rows = waiting_findings(call.session, **filters, limit=A_PAGE, skip=skip)
    shown = days_shown(call.session, [(row, row.worst_day) for row in rows])
    chosen = call.number("finding")
    context: dict[str, Any] = {
        "counts": call.once(counts_of),
        "rows": rows,
        "matching": matching,
        "pictures": {row.id: _picture(row, row.worst_day, shown[row.id]) for row in rows},
        "filters": filters,
        "rules": list(RULES),
        "areas": areas_waiting(call.session),
        "skip": skip,
        "more": skip + len(rows) if skip + len(rows) < matching else None,
        "opened": None if chosen is None else _opened(call, chosen),
        "query": _query(filters, skip),
        "done": _done(call.params),
    }
    return Sheet("meters/questions/waits.html", context)


def _query(filters: Mapping[str, str], skip: int) -> str:
    """What keeps the list as it is, for links and forms."""
    kept = {name: value for name, value in filters.items() if value} | ({"skip": skip} if skip else {})
    return urlencode({"ask": "waits"} | kept)


def _done(params: Mapping[str, str]) -> tuple[str, int] | None:
    """What the form before this page did, and to how many."""
    act, _, count = params.get("done", "").partition("-")
    if act not in ("accepted", "estimated", "edited") or not (count.isascii() and count.isdigit()):
        return None
    return act, int(count[:6])


def _opened(call: FeedsCall, finding_id: int) -> Opened:
    row = finding(call.session, finding_id)
    day = _day(row, call.params.get("day", ""))
    shown = days_shown(call.session, [(row, day)])[row.id]
    proposed: Proposal | None = None
    why_not: CareError | None = None
    if row.state == "open":
        try:
            proposed = finding_proposal(call.session, row.rule, row.channel_id, row.days)
        except CareError as error:
            why_not = error
    before = [one for one in decided_findings(call.session, row.channel_id) if one.id != row.id]
    every = call.params.get("all") == "1"
    intervals = tuple(one for one in _intervals(row, day, shown, proposed) if every or one.doubted)
    return Opened(row, day, _picture(row, day, shown), intervals, proposed, why_not, tuple(before))


def _day(row: FindingRow, asked: str) -> date:
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return row.worst_day
    return day if day.toordinal() in row.days else row.worst_day


def _intervals(row: FindingRow, day: date, shown: DayShown, proposed: Proposal | None) -> list[IntervalShown]:
    hit = row.days[day.toordinal()]
    same = len(shown.micro) == hit.size
    return [
        IntervalShown(
            place,
            row.starts_at(day, place),
            row.starts_at(day, place + 1),
            shown.micro[place] if same else None,
            shown.usual[place] if len(shown.usual) == hit.size else None,
            proposed.value_at(row.starts_at(day, place)) if proposed else None,
            any(first <= place < end for first, end in hit.at),
        )
        for place in range(hit.size)
    ]


def _picture(row: FindingRow, day: date, shown: DayShown) -> DayPicture:
    hit = row.days[day.toordinal()]
    return day_picture(shown.micro, shown.usual, hit.at, hit.size)


QUESTION = FeedsQuestion("waits", mark("What waits for me?"), 45, answer, sheet)
