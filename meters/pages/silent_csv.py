"""Silent meters as a file, for those who go and look at them."""

from __future__ import annotations

import csv
import io

from fastapi import APIRouter, Request
from starlette.responses import Response

from meters.completeness import SPELLS, silent_meters
from utility_crm.kit.errors import Invalid
from utility_crm.kit.formulas import guarded
from utility_crm.web.visit import visit

router = APIRouter()
COLUMNS = (
    "service_point", "meter", "area", "segment", "customer", "address", "last_reading_on", "days_silent",
)  # fmt: skip
MOST = 1_000_000


@router.get("/feeds/silent.csv")
def silent_csv(request: Request, days: int = 3, area: int | None = None) -> Response:
    """All of them, in the order of the page. A cell that a spreadsheet would take for a formula gets a quote
    before it."""
    with visit(request, "feeds.run") as v:
        if days not in SPELLS:
            spells = ", ".join(map(str, SPELLS))
            raise Invalid("days", f"Meters can be listed as silent for {spells} days.", "days")
        _count, meters = silent_meters(v.session, v.today, days, area=area, limit=MOST)
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for one in meters:
            said = (one.code, one.serial or "", one.area, one.segment, one.customer, one.address)
            last = one.last_day.isoformat() if one.last_day else ""
            writer.writerow([*map(guarded, said), last, one.days(v.today)])
        name = f"silent-{days}-days-{v.today}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
