"""Pages of money in: the statement of an account, and ops' room of files, suspense and direct debit."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import partial
from io import StringIO

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.direct_debits import collect
from billing.actions.suspending import assign_suspense, return_suspense
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.csv_file import named_columns
from billing.money_in.pain008 import message_named
from billing.money_in.taking import TakenFile, take_file
from billing.money_in.words import kind_words, why_words
from billing.queries.fixed import deposits_of, fixed_amounts
from billing.queries.ledger import check_ledger
from billing.queries.money_room import Whose, money_room, waiting_item, whose_account
from billing.queries.statements import Statement, statement_of
from billing.wording import method_words, say
from meters.pages.uploading import WORDS_FOR_TOO_MUCH, UploadRoute
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.kit.formulas import guarded
from utility_crm.kit.masking import shown
from utility_crm.web.formats import money as money_words
from utility_crm.web.posting import Posting, handled, shown_again
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import counting, mark

router = APIRouter()
uploads = APIRouter(route_class=UploadRoute, max_body_size=WORDS_FOR_TOO_MUCH)
ASKED = ("waiting", "files", "collected", "agreed", "books")


@router.get("/accounts/{number}/statement")
def statement(request: Request, number: str) -> Response:
    """What was charged and paid, as a page that prints; `from` and `to` are its first and last day."""
    with visit(request, "payments.read") as v:
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
            fixed=[one for one in fixed_amounts(v.session, [found.account_id]) if one.runs_on(v.today)],
            deposits=[
                one
                for one in deposits_of(v.session, [found.account_id], v.today)
                if one.returned_on is None
            ],
        )  # fmt: skip


@router.get("/accounts/{number}/statement.csv")
def statement_csv(request: Request, number: str) -> Response:
    """The same for a spreadsheet."""
    with visit(request, "payments.read") as v:
        content = _as_csv(_asked_for(v, request, number))
    return _file(content.encode(), "text/csv; charset=utf-8", f"statement-{number}.csv")


def _as_csv(found: Statement) -> str:
    """Each thing booked, as whoever asks may see it."""
    decimals, whose = default_decimals(found.currency), found.customer_id
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("posted_on", "kind", "name", "words", "amount", "balance", "pays"))
    for row in found.rows:
        pays = "; ".join(
            f"{shown(part.name, 'text', whose)}: {amount_text(part.amount_minor, decimals)}"
            for part in row.pays
        )
        writer.writerow(
            (
                row.posted_on, row.kind, guarded(shown(row.name, "text", whose)),
                guarded(shown(row.words, "text", whose)),
                amount_text(row.amount_minor, decimals), amount_text(row.balance_minor, decimals),
                guarded(pays),
            )
        )  # fmt: skip
    return out.getvalue()


@router.get("/billing/money")
def money(request: Request, ask: str = "") -> Response:
    """What waits for an owner, which files came, what is collected."""
    with visit(request, "payments.book") as v:
        return _room(v, ask)


def _room(v: Visit, ask: str) -> Response:
    found = money_room(v.session, v.today)
    return v.render(
        "billing/money.html",
        page=found,
        ask=ask if ask in ASKED else ASKED[0],
        whys={one.code: why_words(one.code, v.user.language) for one in found.waiting},
        tomorrow=v.today + timedelta(days=1),
        check=check_ledger(v.session) if ask == "books" else None,
    )


@router.post("/billing/money/waiting/{item_id}")
def decide(request: Request, item_id: int, posted: Posting) -> Response:
    """Assign what waits to an account, or say that it was sent back; both after one question."""
    with visit(request, "payments.book") as v:
        _, language = say(v.user.language), v.user.language

        def act() -> Response:
            one = waiting_item(v.session, item_id)
            amount = money_words(one.amount_minor, one.currency, language)
            if posted.text("act") == "back":
                told = {"amount": amount, "payer": one.payer or "–"}
                posted.sure(
                    _("%(amount)s of %(payer)s is booked as sent back; the bank sends it, not we.", **told),
                    do=_("It was sent back"),
                )
                return_suspense(v.session, item_id, now=v.now, posted_on=v.today, by=v.user.id)
                words = _("%(amount)s of %(payer)s is booked as sent back.", **told)
                return v.done(words, "/billing/money", ask="waiting")
            whose = posted.field("account", partial(whose_account, v.session)).value
            posted.sure(_assigning(whose, one.amount_minor, language), do=_("It is theirs"))
            assign_suspense(v.session, item_id, whose.id, now=v.now, posted_on=v.today, by=v.user.id)
            left = whose.balance_minor - one.amount_minor
            words = _(
                "%(amount)s is booked on account %(account)s of %(name)s.",
                amount=amount, account=whose.number, name=whose.customer,
            )  # fmt: skip
            return v.done(
                f"{words} {_standing(left, whose.currency, language)}", "/billing/money", ask="waiting"
            )

        page = partial(_room, v, "waiting")
        return handled(v, posted, f"waiting-{item_id}", act, page, back="/billing/money?ask=waiting")


def _assigning(whose: Whose, amount_minor: int, language: str) -> str:
    """What assigning does, as a question puts it."""
    _ = say(language)
    return _(
        "%(amount)s goes to %(name)s, account %(account)s. %(now)s",
        amount=money_words(amount_minor, whose.currency, language), name=whose.customer,
        account=whose.number, now=_standing(whose.balance_minor, whose.currency, language),
    )  # fmt: skip


def _standing(balance_minor: int, currency: str, language: str) -> str:
    _ = say(language)
    amount = money_words(abs(balance_minor), currency, language)
    if balance_minor > 0:
        return _("%(amount)s is owed there.", amount=amount)
    return _("%(amount)s is held for them.", amount=amount) if balance_minor else _("Nothing is owed there.")


@router.post("/billing/money/collections")
def make_collections(request: Request, posted: Posting) -> Response:
    """Collect what is due by a day; again it makes nothing more."""
    with visit(request, "payments.book") as v:
        _, language = say(v.user.language), v.user.language

        def act() -> Response:
            made = collect(v.session, posted.day("collect_on").value, v.now)
            debits = sum(one.debits for one in made)
            if not debits:
                words = _("Nothing more is due by that day: no message was made.")
                return v.done(words, "/billing/money", nothing=True, ask="collected")
            words = counting(language, "billing")(
                "One direct debit is in a new message: %(messages)s.",
                "%(num)s direct debits are in new messages: %(messages)s.",
                debits,
                messages=", ".join(one.message_id for one in made),
            )
            return v.done(words, "/billing/money", ask="collected")

        return handled(v, posted, "collect", act, partial(_room, v, "collected"))


@router.get("/billing/money/collections/{message_id}.xml")
def collection(request: Request, message_id: str) -> Response:
    """A collection as the bank takes it."""
    with visit(request, "payments.book") as v:
        return _file(message_named(v.session, message_id), "application/xml", f"{message_id}.xml")


@uploads.post("/billing/money/files")
def upload(request: Request, posted: Posting) -> Response:
    """Take a bank's file in; a refused one says where and why, and nothing of it is kept."""
    with visit(request, "payments.book") as v:

        def act() -> Response:
            file = posted.files.get("file")
            if file is None or not file.filename:
                raise Invalid("needed", mark("Choose a file."), "file")
            columns = posted.field("columns", named_columns)
            done = take_file(
                v.session, file.filename[:180], file.file.read(), now=v.now, by=v.user.id,
                columns=columns.value, currency=posted.text("currency").upper(),
            )  # fmt: skip
            return v.done(
                _taken_words(done, v.user.language), "/billing/money", nothing=done.again, ask="files"
            )

        try:
            return handled(v, posted, "file", act, partial(_room, v, "files"))
        except NotFound as error:  # what a file names, and not a thing that was typed
            return shown_again(v, posted, "file", error, partial(_room, v, "files"))


def _taken_words(done: TakenFile, language: str) -> str:
    _ = say(language)
    if done.again:
        return _("%(name)s was taken before: nothing was booked twice.", name=done.name)
    counts = {name: done.counts[name] for name in ("booked", "repeated", "suspended", "reversed")}
    words = _(
        "%(name)s: %(booked)s booked, %(repeated)s known before, %(suspended)s nobody's, %(reversed)s taken "
        "back."
    )
    return words % {"name": done.name, **counts}


def _asked_for(v: Visit, request: Request, number: str) -> Statement:
    first, last = request.query_params.get("from", ""), request.query_params.get("to", "")
    ends = _day(last, "to") if last else v.today
    return statement_of(v.session, number, _day(first, "from") if first else None, ends + timedelta(days=1))


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid("day", mark("“%(typed)s” is no day such as 2026-11-20."), where, typed=text) from error


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
