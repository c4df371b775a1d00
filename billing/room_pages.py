"""The billing room: what is held, what the runs did, who was not billed, which tariffs there are."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.holds import keep_held
from billing.actions.releasing import AnotherDraft, release_and_bill, renew_hold
from billing.billing_room import ASKED, billing_room
from billing.cycles import Month
from billing.drafted_runs import RunChanged, finished_draft, issue_draft
from billing.drafting.changed import DraftChanged
from billing.hold_words import SHORT, hold_words, use_columns
from billing.queries.bills import bills_by_id
from billing.queries.held import HeldRow, held_by_id
from billing.queries.runs import RunDone
from billing.room_words import changed_words, counted_words, held_words, issued_words, run_changed_words
from billing.runs import BillRun, issue_bills, present_instant
from billing.wording import say
from utility_crm.kit.errors import CareError, Conflict, NotFound
from utility_crm.web.formats import clock, day_year, money, month_year
from utility_crm.web.forms import Posted
from utility_crm.web.posting import Posting, asked_first, finished, handled, shown_again
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()
HELD = "/billing?ask=held"


@router.get("/billing")
def room(request: Request, ask: str = "", held: int = 0) -> Response:
    """What is held, what the runs did, who was not billed, which tariffs there are; marketers read the
    tariffs."""
    with visit(request, "billing.read") as v:
        return room_page(v, ask, held)


def room_page(v: Visit, ask: str, held: int = 0) -> Response:
    """held: which of the waiting to show in full; no other takes the place of one that waits no more."""
    allowed = ASKED if v.user.may("billing.run") else ("tariffs",)
    language, asked = v.user.language, ask if ask in allowed else allowed[0]
    page = billing_room(v.session, v.today, asked, chosen=held, tariffs_alone=allowed == ("tariffs",))
    return v.render(
        "billing/room.html",
        page=page,
        ask=asked,
        allowed=allowed,
        gone=bool(held) and page.chosen is None and asked == "held",
        said=partial(hold_words, language=language),
        short=lambda row: dict.fromkeys(v.text(SHORT.get(code, code)) for code in row.codes),
        columns=lambda row: use_columns(row.figures, language),
    )


@router.post("/billing/runs")
def run(request: Request, posted: Posting) -> Response:
    """Draft the cycles that end in a month, in units of work of the draft's own: nothing is issued."""
    with visit(request, "billing.run") as v:
        today, now, who = v.today, v.now, v.user.id
    try:
        month = posted.field("period", Month.read).value
        done = issue_bills(
            request.app.state.engine, str(month), today=today, now=now, draft=True, started_by=who
        )
    except CareError as error:
        return _run_refused(request, posted, "draft", error)
    with visit(request, "billing.run") as v:
        return v.done(counted_words(done, v.user.language), "/billing", ask="runs")


@router.post("/billing/runs/{run_id}/issue")
def issue(request: Request, run_id: int, posted: Posting) -> Response:
    """Issue a draft as it was looked at, after one question, in units of work of its own."""
    with visit(request, "billing.run") as v:
        today, now, who = v.today, v.now, v.user.id

        def ask() -> None:
            draft = finished_draft(v.session, run_id)
            posted.sure(_issuing(draft, v.user.language), do=_issue_them(draft, v.user.language))

        page = partial(room_page, v, "runs")
        asked = asked_first(v, posted, f"issue-{run_id}", ask, page, back="/billing?ask=runs")
        if asked is not None:
            return asked
    try:
        done = issue_draft(request.app.state.engine, run_id, today=today, now=now, started_by=who)
    except CareError as error:
        return _run_refused(request, posted, f"issue-{run_id}", error)
    with visit(request, "billing.run") as v:
        return finished(v, posted, partial(_ran, v, done))


def _issuing(draft: RunDone, language: str) -> str:
    """What issuing a draft does, as a question puts it."""
    _ = say(language)
    totals = ", ".join(money(total, currency, language) for currency, total in draft.totals.items())
    return _(
        "%(bills)s, %(totals)s in all, go out from the readings known on %(day)s at %(time)s. What goes out "
        "is not changed any more, only credited.",
        bills=issued_words(draft.issued, language), totals=totals or "–",
        day=day_year(draft.known_at, language), time=clock(draft.known_at, language),
    )  # fmt: skip


def _issue_them(draft: RunDone, language: str) -> str:
    _ = say(language)
    return _("Issue %(bills)s", bills=issued_words(draft.issued, language))


def _ran(v: Visit, done: BillRun) -> Response:
    _, language = say(v.user.language), v.user.language
    words = _(
        "%(month)s: %(bills)s issued, %(totals)s; %(held)s.",
        month=month_year(done.month.starts_on, language), bills=issued_words(done.issued, language),
        totals=", ".join(money(total, currency, language) for currency, total in done.totals.items()) or "–",
        held=held_words(len(done.held), language),
    )  # fmt: skip
    return v.done(words, "/billing", nothing=not done.issued, ask="held" if done.held else "runs")


def _run_refused(request: Request, posted: Posted, name: str, error: CareError) -> Response:
    with visit(request, "billing.run") as v:
        language = v.user.language
        if isinstance(error, RunChanged):
            error = Conflict(error.code, run_changed_words(error, language))
        elif isinstance(error, DraftChanged):
            error = Conflict(error.code, changed_words(error, language))
        return shown_again(v, posted, name, error, partial(room_page, v, "runs"))


@router.post("/billing/held/{held_id}")
def decide(request: Request, held_id: int, posted: Posting) -> Response:
    """Let a draft through and bill it at once, or say why it goes on waiting; both with a reason, and after
    one question."""
    with visit(request, "billing.run") as v:
        _, language = say(v.user.language), v.user.language
        changed: list[DraftChanged] = []

        def act() -> Response:
            try:
                row = held_by_id(v.session, held_id)
            except NotFound:
                words = _("This account waits no more: nothing was done.")
                return v.done(words, "/billing", nothing=True, ask="held")
            keeps = posted.text("act") == "keep"
            asked = mark("Say why it goes on waiting.") if keeps else mark("Say why it may be billed.")
            reason = posted.must("reason", asked)
            posted.check()
            if keeps:
                posted.sure(_keeping(row, language), do=_("Hold on"))
                keep_held(v.session, held_id, v.user.id, v.now, reason.value)
                words = _("%(name)s goes on waiting: %(why)s", name=row.customer, why=reason.value)
                return v.done(words, "/billing", ask="held", held=str(held_id))
            if row.seen == posted.text("seen"):
                posted.sure(_releasing(row, language), do=_release_it(row, language))
            try:
                done = release_and_bill(
                    v.session, held_id, posted.text("seen"),
                    user_id=v.user.id, reason=reason.value, today=v.today, now=v.now,
                )  # fmt: skip
            except AnotherDraft as error:
                raise Conflict(error.code, _anew(error.row, language)) from error
            except DraftChanged as error:
                changed.append(error)
                raise Conflict(error.code, changed_words(error, language)) from error
            return _released(v, row, done.bill_ids)

        def page() -> Response:
            if changed:  # she looks again at what it is now
                renew_hold(v.session, held_id, present_instant(v.session, v.today), v.today, v.now)
            return room_page(v, "held", held_id)

        return handled(v, posted, f"held-{held_id}", act, page, back=f"{HELD}&held={held_id}")


def _releasing(row: HeldRow, language: str) -> str:
    _ = say(language)
    return _(
        "%(total)s for %(first)s to %(last)s goes out to %(name)s today, account %(account)s. What goes out "
        "is not changed any more, only credited.",
        **_of(row, language),
    )


def _keeping(row: HeldRow, language: str) -> str:
    _ = say(language)
    if row.total_minor is None:
        return _(
            "%(name)s, account %(account)s, is not billed for %(first)s to %(last)s until the reason is put "
            "right.",
            **_of(row, language),
        )
    return _(
        "%(total)s of %(name)s, account %(account)s, for %(first)s to %(last)s is not billed until somebody "
        "releases it.",
        **_of(row, language),
    )


def _release_it(row: HeldRow, language: str) -> str:
    _ = say(language)
    return _("Release and bill %(total)s", total=_of(row, language)["total"])


def _anew(row: HeldRow, language: str) -> str:
    _ = say(language)
    total = _of(row, language)["total"]
    return _("The draft was made anew since you looked at it: it is %(total)s now. Look again.", total=total)


def _of(row: HeldRow, language: str) -> dict[str, Any]:
    return {
        "name": row.customer,
        "account": row.account,
        "total": "–" if row.total_minor is None else money(row.total_minor, row.currency, language),
        "first": day_year(row.starts_on, language),
        "last": day_year(row.last_on, language),
    }


def _released(v: Visit, row: HeldRow, bill_ids: tuple[int, ...]) -> Response:
    _, language = say(v.user.language), v.user.language
    if not bill_ids:
        return v.done(_("It was billed before: nothing was done."), "/billing", nothing=True, ask="held")
    (bill,) = bills_by_id(v.session, bill_ids)
    words = _(
        "%(name)s is billed: %(number)s, %(total)s, due %(day)s.",
        name=row.customer, number=bill.number, total=money(bill.total_minor, bill.currency, language),
        day=day_year(bill.due_on, language),
    )  # fmt: skip
    return v.done(words, "/billing", ask="held")
