"""What the forms of the question what is owed share: the account they are about, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from starlette.responses import Response

from billing.queries.accounts import AccountStanding, standing
from billing.queries.dunning import Agreed, DisputeRow, PlanRow, PromiseRow, agreed_on
from billing.wording import say
from utility_crm.customers.pages import customer_page
from utility_crm.kit.errors import NotFound
from utility_crm.web.formats import money
from utility_crm.web.visit import Visit
from utility_crm.web.words import mark

T = TypeVar("T", PlanRow, PromiseRow, DisputeRow)


def left_words(v: Visit, one: AccountStanding) -> str:
    """What is open on an account, as the end of a sentence."""
    _ = say(v.user.language)
    amount = money(abs(one.balance_minor), one.currency, v.user.language)
    if one.balance_minor > 0:
        return _("%(amount)s stays open", amount=amount)
    if one.balance_minor < 0:
        return _("nothing is open, and %(amount)s is held for them", amount=amount)
    return _("nothing is open now")


def owe_page(v: Visit, customer_id: int) -> Response:
    """The page that these forms stand on."""
    return customer_page(v, customer_id, "owe", params={})


def account_of(v: Visit, customer_id: int, number: str) -> AccountStanding:
    """An account that the customer holds or pays, as it stands now. Raises NotFound."""
    for one in standing(v.session, customer_id, v.today):
        if one.number == number:
            return one
    raise NotFound("account", mark("This customer has no account %(number)s."), number, number=number)


def all_agreed(v: Visit, customer_id: int) -> Agreed:
    """Plans, promises and disputes of all their accounts."""
    return agreed_on(v.session, [one.id for one in standing(v.session, customer_id, v.today)])


def theirs(among: Iterable[T], wanted: int, words: str) -> T:
    """The one among them. Raises NotFound, said in `words`."""
    for one in among:
        if one.id == wanted:
            return one
    raise NotFound("agreed", words, str(wanted))
