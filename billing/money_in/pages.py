"""Pages of money in: the statement of an account, and ops' room of files, suspense and direct debit."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from billing.actions.direct_debits import collect
from billing.actions.suspending import assign_suspense, return_suspense
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.csv_file import named_columns
from billing.money_in.pain008 import message_named
from billing.money_in.taking import take_file
from billing.money_in.words import kind_words, why_words
from billing.queries.accounts import account_named
from billing.queries.ledger import check_ledger
from billing.queries.money_room import money_room
from billing.queries.statements import Statement, statement_of
from billing.wording import method_words
from meters.pages.uploading import WORDS_FOR_TOO_MUCH, UploadRoute
from utility_crm.kit.errors import Invalid
from utility_crm.web.visit import Visit, visit

router = APIRouter()
uploads = APIRouter(route_class=UploadRoute, max_body_size=WORDS_FOR_TOO_MUCH)
Text = Annotated[str, Form()]
ASKED = ("waiting", "files", "collected", "agreed", "books")


@router.get("/accounts/{number}/statement")
def statement(request: Request, number: str) -> Response:
    """What was charged and paid, as a page that prints; `from` and `to` are its first and last day."""
    with visit(request, "agent", "ops") as v:
        found = _asked_for(v, request, number)
        names = {row.kind: kind_words(row.kind, v.user.language) for row in found.rows}
        methods = {
            row.name: method_words(row.words, v.user.language)
            for row in found.rows
            if row.kind in ("payment", "given_back", "reversal")
        }
        return v.render(
            "billing/statement.html", page=found, kinds=names, methods=methods,
            last_on=found.ends_before - timedelta(days=1),
        )  # fmt: skip


@router.get("/accounts/{number}/statement.csv")
def statement_csv(request: Request, number: str) -> Response:
    """The same for a spreadsheet."""
    with visit(request, "agent", "ops") as v:
        found = _asked_for(v, request, number)
    decimals = default_decimals(found.currency)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("posted_on", "kind", "name", "words", "amount", "balance", "pays"))
    for row in found.rows:
        pays = "; ".join(f"{part.name}: {amount_text(part.amount_minor, decimals)}" for part in row.pays)
        writer.writerow(
            (
                row.posted_on, row.kind, _harmless(row.name), _harmless(row.words),
                amount_text(row.amount_minor, decimals), amount_text(row.balance_minor, decimals),
                _harmless(pays),
            )
        )  # fmt: skip
    return _file(out.getvalue().encode(), "text/csv; charset=utf-8", f"statement-{number}.csv")


@router.get("/billing/money")
def money(request: Request, ask: str = "", kept: str = "") -> Response:
    """What waits for an owner, which files came, what is collected."""
    with visit(request, "ops") as v:
        return _room(v, ask, kept)


def _room(v: Visit, ask: str, kept: str = "", refused: Invalid | None = None) -> Response:
    found = money_room(v.session, v.today)
    return v.render(
        "billing/money.html",
        422 if refused else 200,
        page=found,
        ask=ask if ask in ASKED else ASKED[0],
        kept=kept,
        whys={one.code: why_words(one.code, v.user.language) for one in found.waiting},
        tomorrow=v.today + timedelta(days=1),
        refused=refused,
        check=check_ledger(v.session) if ask == "books" else None,
    )


@router.post("/billing/money/waiting/{item_id}")
def decide(request: Request, item_id: int, account: Text = "", back: Text = "") -> Response:
    """Assign what waits to an account, or say that it was sent back."""
    with visit(request, "ops") as v:
        if back:
            return_suspense(v.session, item_id, now=v.now, posted_on=v.today, by=v.user.id)
        else:
            account_id = account_named(v.session, account.strip())
            assign_suspense(v.session, item_id, account_id, now=v.now, posted_on=v.today, by=v.user.id)
        return v.redirect("/billing/money", ask="waiting", kept="returned" if back else "assigned")


@router.post("/billing/money/collections")
def make_collections(request: Request, collect_on: Text = "") -> Response:
    """Collect what is due by a day; again it makes nothing more."""
    with visit(request, "ops") as v:
        made = collect(v.session, _day(collect_on, "collect_on"), v.now)
        return v.redirect(
            "/billing/money", ask="collected", kept=f"collected-{sum(one.debits for one in made)}"
        )


@router.get("/billing/money/collections/{message_id}.xml")
def collection(request: Request, message_id: str) -> Response:
    """A collection as the bank takes it."""
    with visit(request, "ops") as v:
        return _file(message_named(v.session, message_id), "application/xml", f"{message_id}.xml")


@uploads.post("/billing/money/files")
def upload(
    request: Request, file: Annotated[UploadFile, File()], columns: Text = "", currency: Text = ""
) -> Response:
    """Take a bank's file in; a refused one says where and why."""
    with visit(request, "ops") as v:
        try:
            with v.session.begin_nested():  # nothing of a refused file is kept
                done = take_file(
                    v.session, (file.filename or "file")[:180], file.file.read(), now=v.now, by=v.user.id,
                    columns=named_columns(columns), currency=currency.strip().upper(),
                )  # fmt: skip
        except Invalid as refused:
            return _room(v, "files", refused=refused)
        counts = "-".join(str(done.counts[fate]) for fate in ("booked", "repeated", "suspended", "reversed"))
        return v.redirect("/billing/money", ask="files", kept=f"file-{counts}")


def _asked_for(v: Visit, request: Request, number: str) -> Statement:
    first, last = request.query_params.get("from", ""), request.query_params.get("to", "")
    ends = _day(last, "to") if last else v.today
    return statement_of(v.session, number, _day(first, "from") if first else None, ends + timedelta(days=1))


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid("day", f"“{text}” is no day such as 2026-11-20.", where) from error


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
