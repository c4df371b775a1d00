"""Disputes, kept and decided on the telephone; forms of the question what is owed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from billing.actions.disputing import close_dispute, open_dispute
from billing.money_in.telephone import account_of, all_agreed, left_words, owe_page, theirs
from billing.money_in.typed import typed_minor
from billing.queries.accounts import AccountStanding, standing
from billing.queries.bills import bill_named
from billing.queries.dunning import DisputeRow, agreed_on
from billing.wording import say
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.formats import day, money
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import Visit, visit
from utility_crm.web.words import mark

router = APIRouter()


@router.post("/customers/{customer_id}/disputes")
def dispute(request: Request, customer_id: int, posted: Posting) -> Response:
    """Keep that the customer disputes a part of a bill."""
    with visit(request, "money.arrange") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            number = posted.text("bill")
            accounts = {one.id for one in standing(v.session, customer_id, v.today)}
            bill = bill_named(v.session, number)
            if bill.account_id not in accounts:
                words = mark("This customer has no bill %(bill)s.")
                raise NotFound("bill", words, number, bill=number)
            shown = partial(money, currency=bill.currency, language=v.user.language)

            def disputed(typed: str) -> int:
                found = typed_minor(typed, bill.currency, v.user.language)
                if found > bill.total_minor:
                    words = mark("Bill %(bill)s charges %(total)s: no more of it can be disputed.")
                    raise Invalid("amount", words, "amount", bill=number, total=shown(bill.total_minor))
                return found

            amount = posted.field("amount", disputed)
            reason = posted.must("reason", mark("A dispute needs the customer's reason."))
            same = (number, amount.value, reason.value)
            for known in agreed_on(v.session, [bill.account_id]).disputed:
                if (known.bill, known.amount_minor, known.reason) == same:
                    return v.done(_("This dispute is noted already."), path, nothing=True, ask="owe")
            open_dispute(v.session, number, amount.value, reason.value, today=v.today, by=v.user.id)
            words = _(
                "Dispute of %(amount)s of bill %(bill)s noted; nobody is reminded of it until it is decided.",
                amount=shown(amount.value),
                bill=number,
            )
            return v.done(words, path, ask="owe")

        return handled(v, posted, "dispute", act, lambda: owe_page(v, customer_id), back=f"{path}?ask=owe")


@router.post("/customers/{customer_id}/disputes/{dispute_id}/close")
def close(request: Request, customer_id: int, dispute_id: int, posted: Posting) -> Response:
    """Decide a dispute: credited where the customer is right. Asked back: neither can be undone."""
    with visit(request, "money.decide") as v:
        _, path = say(v.user.language), f"/customers/{customer_id}"

        def act() -> Response:
            words = mark("This customer has no such dispute.")
            found = theirs(all_agreed(v, customer_id).disputes, dispute_id, words)
            won = posted.one_of("won", ("0", "1")).value == "1"
            if found.state == ("won" if won else "lost"):
                return v.done(_("This dispute has ended already."), path, nothing=True, ask="owe")
            before = next(a for a in standing(v.session, customer_id, v.today) if a.id == found.account_id)
            close_dispute(v.session, dispute_id, won=won, today=v.today, by=v.user.id)
            after = account_of(v, customer_id, before.number)
            doubt = _if_credited(v, before, after, found) if won else _if_refused(v, found)
            posted.sure(doubt, do=_("Credit it") if won else _("Refuse it"))
            named = {"amount": money(found.amount_minor, found.currency, v.user.language), "bill": found.bill}
            if won:
                said = _(
                    "%(amount)s of bill %(bill)s credited; %(left)s.", **named, left=left_words(v, after)
                )
            else:
                said = _("Dispute refused: %(amount)s of bill %(bill)s is owed as before.", **named)
            return v.done(said, path, ask="owe")

        page = partial(owe_page, v, customer_id)
        return handled(v, posted, f"dispute-{dispute_id}", act, page, back=f"{path}?ask=owe")


def _if_credited(v: Visit, before: AccountStanding, after: AccountStanding, found: DisputeRow) -> str:
    _, shown = say(v.user.language), partial(money, currency=found.currency, language=v.user.language)
    words = _(
        "%(amount)s of bill %(bill)s is credited for good, with its tax. The balance of account %(account)s "
        "goes from %(before)s to %(after)s."
    )
    return words % {
        "amount": shown(found.amount_minor),
        "bill": found.bill,
        "account": before.number,
        "before": shown(before.balance_minor),
        "after": shown(after.balance_minor),
    }


def _if_refused(v: Visit, found: DisputeRow) -> str:
    _, shown = say(v.user.language), partial(money, currency=found.currency, language=v.user.language)
    bill = bill_named(v.session, found.bill)
    late = min(found.amount_minor, max(bill.open_minor, 0)) if bill.due_on < v.today else 0
    named = {
        "amount": shown(found.amount_minor),
        "bill": found.bill,
        "day": day(bill.due_on + timedelta(days=1 if late else 0), v.user.language),
    }
    if late:
        return _(
            "%(amount)s of bill %(bill)s is owed after all; %(late)s of it is late since %(day)s, and they "
            "are reminded of it from now on.",
            **named,
            late=shown(late),
        )
    if bill.open_minor > 0:
        return _("%(amount)s of bill %(bill)s is owed after all, by %(day)s.", **named)
    return _("%(amount)s of bill %(bill)s stays charged; the bill is paid.", **named)
