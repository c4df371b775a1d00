"""A whole-base what-if from the question to the stored answer.

This is an edge: it opens and commits its own units of work, so that how far it is can be seen meanwhile. A
run that is killed leaves no result; the next one of the same tariff and segment clears it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from billing.domain.tariffs.eligibility import SEGMENTS
from billing.domain.tariffs.tariff import Tariff
from billing.queries.prices import with_known_prices
from billing.queries.tariffs import tariff_named, tariffs_by_id
from billing.tables import WhatIf
from billing.what_if.base import BaseAccount, BaseWhatIf, Opens, Other, Progress, base_what_ifs
from billing.what_if.eligible import in_force, segments_of
from billing.what_if.supplies import BaseSupply, base_supplies
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import Invalid
from utility_crm.segments.facts import keep_fact

FACT = "saving_on"
"""What a customer would save in a year, minor units; its parameter is the tariff's code."""

_FAR = text("update what_ifs set done = least(:done, due) where id = any(cast(:ids as bigint[]))")
_ALL = text("select id from tariffs where currency = :currency")
_EARLIER = text(
    "delete from what_ifs where tariff_id = :tariff and segment is not distinct from :segment and id < :id"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a run begins with. unfit: accounts left out, since the tariff is not for them."""

    id: int
    tariff_id: int
    supplies: list[BaseSupply]
    tariffs: dict[int, Tariff]
    other: Tariff
    candidates: int
    unfit: int = 0


def run_what_if(
    engine: Engine,
    tariff: str,
    segment: str | None = None,
    *,
    today: date,
    now: datetime,
    asked_by: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Re-rate everybody (of a segment) on a tariff over the last twelve cycles; the id of what is stored.

    Keeps the newest result of a tariff and segment, and the fact `saving_on` of everybody told. Raises
    NotFound for the tariff, Invalid for the segment.
    """
    opens = partial(unit_of_work, engine)
    return run_what_ifs_in(
        opens, [tariff], segment, today=today, now=now, asked_by=asked_by, progress=progress
    )[0]


def run_what_ifs_in(
    opens: Opens,
    tariffs: Sequence[str],
    segment: str | None = None,
    *,
    today: date,
    now: datetime,
    asked_by: int | None = None,
    progress: Progress | None = None,
) -> list[int]:
    """The same on several tariffs over one reading of the base, in units of work that `opens` opens."""
    if segment is not None and segment not in SEGMENTS:
        words = f"There is no segment '{segment}'; there are {', '.join(SEGMENTS)}."
        raise Invalid("segment", words, "segment")
    with opens() as session:
        asked = [_begun(session, tariff, segment, today, now, asked_by) for tariff in tariffs]

    def watch(done: int, due: int) -> None:
        with opens() as session:
            session.execute(_FAR, {"done": done, "ids": [one.id for one in asked]})
        if progress is not None:
            progress(done, due)

    others = [Other(one.other, one.supplies, one.tariffs, one.candidates) for one in asked]
    found = base_what_ifs(opens, others, today=today, progress=watch)
    with opens() as session:
        for one, told in zip(asked, found, strict=True):
            _stored(session, one, segment, told, now)
    return [one.id for one in asked]


def _begun(
    session: Session, code: str, segment: str | None, today: date, now: datetime, asked_by: int | None
) -> _Asked:
    other = tariff_named(session, code)
    tariff_id = session.scalar(text("select id from tariffs where code = :code"), {"code": code})
    assert tariff_id is not None
    every = base_supplies(session, today, segment)
    unfit = {
        one.account_id
        for one in every
        if one.tariff_id != tariff_id and other.eligibility.unfit(one.place, today)
    }
    supplies = [one for one in every if one.account_id not in unfit]
    known = set(session.scalars(_ALL, {"currency": other.currency}))
    # More than the last twelve cycles of any day of the month.
    ends = datetime.combine(today, time(), UTC)
    span = (ends - timedelta(days=430), ends + timedelta(days=1))
    of_all = tariffs_by_id(session, known | {one.tariff_id for one in supplies})
    tariffs = with_known_prices(session, of_all, *span)
    offered = [one for key, one in tariffs.items() if key in known and in_force(one, today)]
    row = WhatIf(
        tariff_id=tariff_id,
        segment=segment,
        offered_to=segments_of(session, tariff_id, other, today),
        currency=other.currency,
        on_day=today,
        due=len(supplies),
        asked_by=asked_by,
        started_at=now,
    )
    session.add(row)
    session.flush()
    # The same object where it is the own tariff, so that nothing is rated twice.
    return _Asked(
        row.id, tariff_id, supplies, tariffs, tariffs[tariff_id], max(1, len(offered) - 1), len(unfit)
    )


def _stored(session: Session, asked: _Asked, segment: str | None, found: BaseWhatIf, now: datetime) -> None:
    _copied(session, asked.id, found.accounts)
    row = session.get_one(WhatIf, asked.id)
    row.done = row.due
    row.left_out = found.left_out + asked.unfit
    row.own_minor = sum(one.own_minor for one in found.accounts)
    row.other_minor = sum(one.other_minor for one in found.accounts)
    row.own_net_minor = sum(one.own_net_minor for one in found.accounts)
    row.other_net_minor = sum(one.other_net_minor for one in found.accounts)
    row.finished_at = now
    session.execute(_EARLIER, {"tariff": asked.tariff_id, "segment": segment, "id": asked.id})
    savings: dict[int, int] = {}
    for one in found.accounts:
        savings[one.customer_id] = savings.get(one.customer_id, 0) + one.own_minor - one.other_minor
    among = None if segment is None else sorted({one.customer_id for one in asked.supplies})
    keep_fact(session, FACT, asked.other.code, savings, now, among=among)


def _copied(session: Session, what_if: int, accounts: Sequence[BaseAccount]) -> None:
    statement = (
        "copy what_if_results (what_if_id, account_id, customer_id, segment, own_minor, other_minor, "
        "low_minor, coverage_ppm, verdict) from stdin"
    )
    with driver_cursor(session) as cursor, cursor.copy(statement) as copy:
        for one in accounts:
            copy.write_row(
                (
                    what_if, one.account_id, one.customer_id, one.segment, one.own_minor, one.other_minor,
                    one.judgement.low_minor, one.coverage_ppm, one.judgement.verdict,
                )
            )  # fmt: skip
