"""The page of the whole base on another tariff, and its export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from billing.answers.pictures import histogram, whole_money
from billing.domain.money import amount_text
from billing.domain.tariffs.eligibility import SEGMENTS
from billing.domain.tariffs.file import default_decimals
from billing.what_if.report import (
    WhatIfReport,
    most_would_win,
    rows_of,
    running_what_if,
    tariff_lines,
    what_if_report,
)
from billing.what_if.running import run_what_if
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.formulas import guarded
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
Text = Annotated[str, Form()]
RUNNING_FOR = timedelta(hours=1)
"""A run that began longer ago and is not finished was killed."""
SEGMENT_WORDS = {
    "household": mark("Households"),
    "small_business": mark("Small businesses"),
    "industry": mark("Industry"),
}
COLUMNS = (
    "account", "customer", "segment", "bills_now", "bills_then", "saving", "saving_at_least", "read_share",
    "verdict", "pays",
)  # fmt: skip


@router.get("/billing/what-if")
def what_if(request: Request, tariff: str = "", segment: str = "") -> Response:
    """The newest result of a tariff and segment; the tariffs on the left with theirs."""
    with visit(request, "tariffs.compare") as v:
        lines = tariff_lines(v.session, _segment(segment))
        code = tariff or most_would_win(v.session, _segment(segment))
        code = code or next((one.code for one in lines if one.change_minor is not None), "")
        chosen = next((one for one in lines if one.code == code), None)
        if tariff and chosen is None:
            raise NotFound("tariff", mark("There is no tariff '%(tariff)s'."), "tariff", tariff=tariff)
        currency = chosen.currency if chosen else ""
        report = _report(v, code, segment)
        bins = [(one.from_minor, one.below_minor, one.accounts) for one in report.histogram] if report else []
        return v.render(
            "billing/what_if.html",
            lines=lines,
            chosen=chosen or (lines[0] if lines else None),
            segment=segment,
            segments=[
                ("", v.text("Everybody")),
                *((key, v.text(words)) for key, words in SEGMENT_WORDS.items()),
            ],
            segment_words=SEGMENT_WORDS,
            report=report,
            chart=histogram(
                bins,
                whole_money(currency, v.user.language, signed=True),
                report.whole.unchanged if report else 0,
            ),
            running=running_what_if(v.session, v.now - RUNNING_FOR),
        )


@router.post("/billing/what-if")
def ask(request: Request, tariff: Text = "", segment: Text = "") -> Response:
    """Run it, in units of work of its own; whoever looks meanwhile sees how far it is."""
    with visit(request, "tariffs.compare") as v:
        today, now, user, redirect = v.today, v.now, v.user.id, v.redirect
    run_what_if(request.app.state.engine, tariff, _segment(segment), today=today, now=now, asked_by=user)
    return redirect("/billing/what-if", tariff=tariff, segment=segment)


@router.get("/billing/what-if.csv")
def export(request: Request, tariff: str = "", segment: str = "") -> Response:
    """Every account of the newest result, who saves most first."""
    with visit(request, "tariffs.compare") as v:
        report = what_if_report(v.session, tariff=tariff, segment=_segment(segment))
        decimals = default_decimals(report.currency)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in rows_of(v.session, report.id):
            low = row["low_minor"]
            writer.writerow(
                (
                    guarded(row["account"]),
                    guarded(row["customer"]),
                    row["segment"],
                    amount_text(row["own_minor"], decimals),
                    amount_text(row["other_minor"], decimals),
                    amount_text(row["saving_minor"], decimals),
                    "" if low is None else amount_text(low, decimals),
                    f"{row['coverage_ppm'] / 1e6:.4f}",
                    row["verdict"],
                    _pays(row["saving_minor"]),
                )
            )
        name = f"what-if-{report.tariff_code}{'-' + segment if segment else ''}-{report.on_day}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _pays(saving_minor: int) -> str:
    return "the same" if not saving_minor else "less" if saving_minor > 0 else "more"


def _report(v: Visit, tariff: str, segment: str) -> WhatIfReport | None:
    try:
        return what_if_report(v.session, tariff=tariff, segment=_segment(segment)) if tariff else None
    except NotFound:
        return None


def _segment(segment: str) -> str | None:
    if segment and segment not in SEGMENTS:
        words = f"There is no segment '{segment}'; there are {', '.join(SEGMENTS)}."
        raise Invalid("segment", words, "segment")
    return segment or None
