"""The page of the audit log: who looked at and changed what, found by person, customer, kind and day."""

from __future__ import annotations

import csv
from functools import partial
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from utility_crm.audit.asking import Asking, asking_of
from utility_crm.audit.covering import covered, said_of, subject_of
from utility_crm.audit.queries import LogRow, figures_since, log_rows, people, who_saw, whom
from utility_crm.audit.words import did, thing, values
from utility_crm.customers.desk import midnight
from utility_crm.kit.formulas import guarded
from utility_crm.kit.masking import HIDDEN
from utility_crm.kit.settings import settings
from utility_crm.web.visit import Visit, visit

router = APIRouter()
LISTED, IN_A_FILE = 100, 50_000
PAYMENT_DATA = ("iban", "bic", "card", "bank_account", "mandate")
"""Names of values that only who sees payment data sees."""


@router.get("/audit")
def audit(request: Request) -> Response:
    """What was looked at and changed, newest first; or who saw one customer."""
    with visit(request, "audit.read") as v:
        asking, zone = asking_of(request.query_params), settings().timezone
        customer = whom(v.session, asking.customer)
        lost = bool(asking.customer) and customer is None
        rows = [] if lost else log_rows(v.session, asking, customer, zone, LISTED + 1)
        saw = who_saw(v.session, asking, customer, zone) if customer and asking.ask == "saw" else []
        return v.render(
            "audit/audit.html",
            asking=asking,
            customer=customer,
            lost=lost,
            rows=rows[:LISTED],
            older=asking.further(rows[LISTED - 1].at, rows[LISTED - 1].id) if len(rows) > LISTED else "",
            saw=saw,
            figures=figures_since(v.session, midnight(v.today)),
            people=people(v.session),
            did=partial(did, say=v.text),
            thing=partial(thing, say=v.text),
            said_of=said_of,
            values=partial(_shown, v),
        )


@router.get("/audit.csv")
def audit_csv(request: Request) -> Response:
    """The same rows for a spreadsheet, without an end to the page."""
    with visit(request, "audit.read") as v:
        asking = asking_of(request.query_params)
        customer = whom(v.session, asking.customer)
        lost = bool(asking.customer) and customer is None
        rows = [] if lost else log_rows(v.session, asking, customer, settings().timezone, IN_A_FILE)
        content = _file(v, rows)
    headers = {"Content-Disposition": f"attachment; filename={_name(asking)}"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _shown(v: Visit, row: LogRow, side: str) -> str:
    """The values of a change, for who may see them."""
    told = row.before if side == "before" else row.after
    if not v.user.may("personal.see"):
        return HIDDEN
    hidden = () if v.user.may("payment_data.see") else PAYMENT_DATA
    told = {name: HIDDEN if name in hidden else one for name, one in (told or {}).items()}
    return values(covered(told, row))


def _file(v: Visit, rows: list[LogRow]) -> str:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        ("at", "login", "token", "kind", "outcome", "what", "customer", "subject_kind", "subject", "before",
         "after", "address")
    )  # fmt: skip
    for row in rows:
        cells = (
            row.login, row.token, row.kind, row.outcome, row.what, row.number, row.subject_kind,
            subject_of(row),
            _shown(v, row, "before") if row.before else "",
            said_of(row) or (_shown(v, row, "after") if row.after else ""), row.address,
        )  # fmt: skip
        writer.writerow((row.at.isoformat(), *map(guarded, cells)))
    return out.getvalue()


def _name(asking: Asking) -> str:
    return f"audit-{asking.ask}.csv"
