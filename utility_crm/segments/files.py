"""What of a segment leaves the house: its customers, and figures about groups of them.

The file of customers takes a permission of its own, and holds what the page beside it shows: ways to reach
somebody stand in their short form, but for whoever may see them (docs/masking.md). Figures about groups keep
to the 15/15 rule.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.kit.formulas import cells, guarded
from utility_crm.kit.masking import shown
from utility_crm.segments.breaking_down import USUAL, broken_down
from utility_crm.segments.domain.guarding import Told
from utility_crm.segments.members import segment_of
from utility_crm.segments.queries import Somebody, everybody_of
from utility_crm.web.visit import visit

router = APIRouter()
COLUMNS = ("number", "name", "kind", "language", "since", "area", "city", "email", "phone")


@router.get("/segments/{segment_id}/customers.csv")
def customers(request: Request, segment_id: int) -> Response:
    """Everybody in it."""
    with visit(request, "segments.export") as v:
        one = segment_of(v.session, segment_id)
        rows = everybody_of(v.session, one, v.now, v.user.area_ids)
        return _file(
            f"segment-{segment_id}-{v.today}.csv", COLUMNS, (map(guarded, cells_of(row)) for row in rows)
        )


@router.get("/segments/{segment_id}/figures.csv")
def figures(request: Request, segment_id: int, by: str = USUAL, of: str = "") -> Response:
    """How many in each group, and a mean."""
    with visit(request, "segments.export") as v:
        one = segment_of(v.session, segment_id)
        told, _whole = broken_down(v.session, one, by, of, v.now, v.user.area_ids)
        head = (by, "customers", f"mean_{of}" if of else "mean")
        return _file(f"segment-{segment_id}-{by}-{v.today}.csv", head, map(cells, map(_told, told)))


def cells_of(one: Somebody) -> Sequence[str]:
    """A customer as whoever reads may see them."""
    reach = (shown(one.email, "email", one.id), shown(one.phone, "phone", one.id))
    return (
        one.number, one.name, one.kind, one.language, one.since.isoformat(), one.area, one.city,
        *(told if value else "" for told, value in zip(reach, (one.email, one.phone), strict=True)),
    )  # fmt: skip


def _told(one: Told) -> Sequence[str]:
    mean = "" if one.mean is None else f"{float(one.mean):.2f}"
    return ("(others)" if one.value is None else one.value, str(one.customers), mean)


def _file(name: str, head: Sequence[str], rows: Iterable[Iterable[object]]) -> Response:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(cells(head))
    writer.writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
