"""What an agent does with loyalty points: credit them to a bill, and undo that."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from churn.value.points import redeem_points, take_points_back, worth_of
from churn.value.words import PACKAGE
from utility_crm.customers.pages import customer_page
from utility_crm.kit.settings import settings
from utility_crm.web.formats import money, number
from utility_crm.web.posting import Posting, handled
from utility_crm.web.visit import visit
from utility_crm.web.words import translator

router = APIRouter()
FORM, BACK = "act-points", "act-points-back"


@router.post("/customers/{customer_id}/points")
def redeem(request: Request, customer_id: int, posted: Posting) -> Response:
    """Points become a credit, once somebody has read what it comes to."""
    with visit(request, "money.arrange") as v:
        _ = translator(v.user.language, PACKAGE)
        back = f"/customers/{customer_id}"

        def act() -> Response:
            account, points = posted.must("account"), posted.whole("points", 1, 10_000_000)
            seen = posted.whole("seen", 0, 1_000_000_000)
            posted.check()
            minor = worth_of(points.value)
            if minor:
                doubt = _(
                    "%(points)s points are used, and %(amount)s is credited to account %(account)s.",
                    points=number(points.value, 0, v.user.language), account=account.value,
                    amount=money(minor, settings().currency, v.user.language),
                )  # fmt: skip
                posted.sure(doubt, do=_("Credit it"))
            done = redeem_points(
                v.session, customer_id, account.value, points.value, seen=seen.value,
                words=_("Loyalty points"), today=v.today, now=v.now, by=v.user.id,
            )  # fmt: skip
            amount = money(done.amount_minor, settings().currency, v.user.language)
            return v.done(_("%(amount)s is credited for points.", amount=amount), back)

        page = partial(customer_page, v, customer_id, "", params={"do": "z"})
        return handled(v, posted, FORM, act, page, back=back)


@router.post("/customers/{customer_id}/points/back")
def take_back(request: Request, customer_id: int, posted: Posting) -> Response:
    """A credit for points is undone."""
    with visit(request, "money.arrange") as v:
        _ = translator(v.user.language, PACKAGE)
        back = f"/customers/{customer_id}"

        def act() -> Response:
            row = posted.whole("row", 1)
            posted.check()
            posted.sure(
                _("The points are theirs again, and what was credited is owed again."), do=_("Take it back")
            )
            done = take_points_back(
                v.session, customer_id, row.value, words=_("Loyalty points taken back"), today=v.today,
                now=v.now, by=v.user.id,
            )  # fmt: skip
            points = number(done.points, 0, v.user.language)
            return v.done(_("%(points)s points are theirs again.", points=points), back)

        page = partial(customer_page, v, customer_id, "", params={"do": "z"})
        return handled(v, posted, BACK, act, page, back=back)
