"""How reliable the supply was, by area and month: on screen and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import Response

from notifications.domain.reliability import Interruption, Reliability, reliability
from utility_crm.kit.formulas import guarded
from utility_crm.kit.settings import settings
from utility_crm.web.visit import visit

router = APIRouter()
MONTHS = 12

# A customer is a premise with an account that lived there. An outage counts where its own node and those of
# its second reports reach, without the parts that came back earlier, which are outages of their own; a part
# counts without what of it came back sooner.
_TREE = """
    with recursive tree as (
        select id as top, id, id as area from network_nodes where parent_id is null
        union all
        select node.id, node.id, tree.area from network_nodes as node join tree on node.parent_id = tree.id
    ), below as (
        select id as top, id from network_nodes
        union all
        select below.top, node.id from network_nodes as node join below on node.parent_id = below.id
    )
"""
_INTERRUPTIONS = text(
    _TREE
    + """
    , over as (
        select id, starts_at, coalesce(restored_at, ends_at) as back_at, planned, split_from
        from outages
        where merged_into is null and withdrawn_at is null
          and (restored_at is not null or planned and ends_at <= :now)
          and starts_at >= :since and starts_at < :until
    ), reach as (
        select distinct over.id, below.id as node
        from over join outages as part on part.id = over.id or part.merged_into = over.id
        join below on below.top = part.node_id
        where not exists (select from outages as back
                          join outages as whole on whole.id = back.split_from
                          join below as under on under.top = back.node_id
                          where (whole.id = over.id or whole.merged_into = over.id) and under.id = below.id)
          and not exists (select from outages as sooner join below as under on under.top = sooner.node_id
                          where sooner.split_from = over.split_from and sooner.id < over.id
                            and under.id = below.id)
    )
    select area.name as area, over.starts_at, over.back_at, over.planned,
           count(distinct premises.id) as customers
    from over join reach on reach.id = over.id
    join tree on tree.id = reach.node
    join network_nodes as area on area.id = tree.area
    join premises on premises.node_id = reach.node
    join occupancies on occupancies.premise_id = premises.id
     and occupancies.starts_on <= cast(over.starts_at at time zone premises.timezone as date)
     and (occupancies.ends_before is null
          or occupancies.ends_before > cast(over.starts_at at time zone premises.timezone as date))
    group by area.name, over.id, over.starts_at, over.back_at, over.planned
    """
)
_SERVED = text(
    _TREE
    + """
    select area.name as area, month.first, count(distinct premises.id) as customers
    from unnest(cast(:firsts as date[]), cast(:nexts as date[])) as month (first, next)
    cross join tree
    join network_nodes as area on area.id = tree.area
    join premises on premises.node_id = tree.id
    join occupancies on occupancies.premise_id = premises.id and occupancies.starts_on < month.next
     and (occupancies.ends_before is null or occupancies.ends_before > month.first)
    group by area.name, month.first
    """
)
_COLUMNS = (
    "area",
    "month",
    "planned",
    "customers_served",
    "interruptions",
    "saifi",
    "saidi_minutes",
    "caidi_minutes",
)


def reliability_by_month(session: Session, now: datetime, months: int = MONTHS) -> list[Reliability]:
    """The figures of the last so many months, the present one among them, by the utility's clock."""
    zone = ZoneInfo(settings().timezone)
    present = now.astimezone(zone).date().replace(day=1)
    firsts = [_month(present, -back) for back in range(months)]
    nexts = [_month(first, 1) for first in firsts]
    given = {"now": now, "since": _midnight(firsts[-1], zone), "until": _midnight(nexts[0], zone)}
    interruptions = [
        Interruption(
            row.area, row.starts_at.astimezone(zone).date().replace(day=1), row.back_at - row.starts_at,
            row.customers, row.planned,
        )
        for row in session.execute(_INTERRUPTIONS, given)
    ]  # fmt: skip
    served = {
        (row.area, row.first): int(row.customers)
        for row in session.execute(_SERVED, {"firsts": firsts, "nexts": nexts})
    }
    return reliability(interruptions, served)


@router.get("/outages/reliability")
def figures(request: Request) -> Response:
    """SAIDI, SAIFI and CAIDI of a year."""
    with visit(request, "outages.read") as v:
        found = reliability_by_month(v.session, v.now)
        happened = [one for one in found if one.interruptions]
        return v.render("notifications/outage_reliability.html", rows=happened, months=MONTHS, all=len(found))


@router.get("/outages/reliability.csv")
def figures_file(request: Request) -> Response:
    """The same as a file, months without an interruption among them."""
    with visit(request, "outages.read") as v:
        content = as_csv(reliability_by_month(v.session, v.now))
    headers = {"Content-Disposition": 'attachment; filename="reliability.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(rows: Sequence[Reliability]) -> str:
    """A header and a line an area, month and kind; figures with six decimals, empty where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        figures = [_decimal(figure) for figure in (row.saifi, row.saidi, row.caidi)]
        kind = "planned" if row.planned else "unplanned"
        writer.writerow(
            [guarded(row.area), f"{row.month:%Y-%m}", kind, row.served, row.interruptions, *figures]
        )
    return out.getvalue()


def _decimal(figure: Fraction | None) -> str:
    return "" if figure is None else f"{float(figure):.6f}"


def _month(first: date, ahead: int) -> date:
    months = first.year * 12 + first.month - 1 + ahead
    return date(months // 12, months % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
