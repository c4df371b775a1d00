"""What the gate asks beside a draft: bills before, days never billed, findings, warmth, and its own numbers.

Each a statement for all accounts of a chunk.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.gate import Earlier, GateBook, Setting
from billing.domain.gate.use import COOLED_ABOVE, HEATED_BELOW

SEASON_WITHIN = 12
"""Days by which last year's bill may begin earlier or later and still be of the same season."""

# `b` of the same season, and the newest before; two index scans an account.
_EARLIER = text(
    """
    select 'year_ago', account_id, starts_on, ends_before, micro_kwh, total_minor from (
        select distinct on (account_id) * from bills
        where account_id = any(:ids) and status = 'issued' and starts_on between :season_from and :season_to
        order by account_id, abs(starts_on - :season)
    ) b
    union all
    select 'last', account_id, starts_on, ends_before, micro_kwh, total_minor from (
        select distinct on (account_id) * from bills
        where account_id = any(:ids) and status = 'issued' and ends_before <= :starts_on
        order by account_id, starts_on desc
    ) b
    """
)
_UNBILLED = text(
    """
    select g.account_id,
           sum(least(coalesce(g.ends_before, w.ends_before), w.ends_before)
               - greatest(g.starts_on, w.starts_on))
    from unnest(cast(:ids as bigint[]), cast(:starts as date[]), cast(:ends as date[]))
         as w(account_id, starts_on, ends_before)
    join agreements g on g.account_id = w.account_id and g.starts_on < w.ends_before
                     and (g.ends_before is null or g.ends_before > w.starts_on)
    group by g.account_id
    """
)
_FINDINGS = text(
    """
    select channel_id, severity, count(*) from findings
    where state = 'open' and channel_id = any(:channels)
      and last_day >= :starts_on and first_day < :ends_before
    group by 1, 2
    """
)
_WARMTH = text(
    """
    select d.area_id, s.place,
           avg(greatest(0, :heated - d.celsius) + greatest(0, d.celsius - :cooled)), count(*)
    from unnest(cast(:starts as date[]), cast(:ends as date[]))
         with ordinality as s(starts_on, ends_before, place)
    join (select area_id, day, (select avg(milli) / 1000.0 from unnest(millicelsius) milli) as celsius
          from temperature_days where area_id = any(:areas)
            and day >= (select min(x) from unnest(cast(:starts as date[])) x)) d
      on d.day >= s.starts_on and d.day < s.ends_before and d.celsius is not null
    group by 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class EarlierBills:
    """Of one account; None where there is none."""

    last: Earlier | None = None
    year_ago: Earlier | None = None


def gate_book(session: Session) -> GateBook:
    """The gate's numbers as they stand."""
    rows = session.execute(text("select rule, segment, tariff_id, enabled, numbers from gate_rules"))
    return GateBook([Setting(*row) for row in rows])


def earlier_bills(session: Session, account_ids: Sequence[int], starts_on: date) -> dict[int, EarlierBills]:
    """Of accounts that have any: the newest bill before a day, and the one of the same season."""
    season = starts_on - timedelta(days=365)
    within = timedelta(days=SEASON_WITHIN)
    values = {"starts_on": starts_on, "season": season, "season_from": season - within}
    rows = session.execute(_EARLIER, {"ids": list(account_ids), "season_to": season + within, **values})
    found: dict[int, dict[str, Earlier]] = {}
    for which, account_id, *figures in rows:
        found.setdefault(account_id, {})[which] = Earlier(*figures)
    return {account_id: EarlierBills(**bills) for account_id, bills in found.items()}


def unbilled_days(session: Session, spans: Mapping[int, tuple[date, date]]) -> dict[int, int]:
    """Days of supply in a span of each account; no statement where there is no span."""
    if not spans:
        return {}
    values = {
        "ids": list(spans),
        "starts": [span[0] for span in spans.values()],
        "ends": [span[1] for span in spans.values()],
    }
    return {account_id: int(days) for account_id, days in session.execute(_UNBILLED, values)}


def open_findings(
    session: Session, channel_ids: Sequence[int], starts_on: date, ends_before: date
) -> dict[int, dict[str, int]]:
    """How many findings of each severity wait for a person, by channel, on any of these days."""
    values = {"channels": list(channel_ids), "starts_on": starts_on, "ends_before": ends_before}
    found: dict[int, dict[str, int]] = {}
    for channel_id, severity, count in session.execute(_FINDINGS, values):
        found.setdefault(channel_id, {})[severity] = count
    return found


def warmth(
    session: Session, area_ids: Collection[int], spans: Sequence[tuple[date, date]]
) -> dict[tuple[int, tuple[date, date]], float]:
    """Degree days a day of areas over spans; left out where a day's temperature is not known."""
    if not area_ids or not spans:
        return {}
    values = {
        "areas": list(area_ids),
        "starts": [span[0] for span in spans],
        "ends": [span[1] for span in spans],
        "heated": HEATED_BELOW,
        "cooled": COOLED_ABOVE,
    }
    return {
        (area_id, spans[place - 1]): float(mean)
        for area_id, place, mean, count in session.execute(_WARMTH, values)
        if count == (spans[place - 1][1] - spans[place - 1][0]).days
    }
