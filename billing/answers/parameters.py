"""What a question takes beside its account: names, and the values that each may have.

A page falls back where an address asks for what is not there; the API and the command line refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing.customer import loads
from billing.queries.bills import BillRow
from utility_crm.kit.errors import Invalid
from utility_crm.kit.parts import CustomerCall

_SHOWN = 13


@dataclass(frozen=True, slots=True)
class Parameter:
    """values: all that it may be, for this call; words: what they are, for the help and the documents."""

    name: str
    words: str
    values: Callable[[CustomerCall], Sequence[str]]


class WrongParameter(Invalid):
    """An unknown name, or a value that it cannot have: an error of whoever asked."""


def whole(name: str, words: str, values: Iterable[int]) -> Parameter:
    """One of some whole numbers."""
    written = tuple(str(one) for one in values)
    return Parameter(name, f"{words}: {', '.join(written)}", lambda _call: written)


def checked(call: CustomerCall, takes: Sequence[Parameter], question: str, given: Mapping[str, str]) -> None:
    """Raises WrongParameter with the name, the value and what is allowed."""
    known = {one.name: one for one in takes}
    for name, value in given.items():
        if name not in known:
            there = f"it takes {', '.join(known)}" if known else "it takes none"
            raise WrongParameter("param", f"The question {question} takes no '{name}'; {there}.", name)
        values = known[name].values(call)
        if value not in values:
            raise WrongParameter("param", f"{name}={value} is not there; {_listed(name, values)}.", name)


def _listed(name: str, values: Sequence[str]) -> str:
    if not values:
        return f"there is no {name} to choose"
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"{name} is one of {', '.join(values[:_SHOWN])}{more}"


def _issued(call: CustomerCall) -> list[BillRow]:
    """Issued bills of the account asked about, the newest first."""
    ids = {one.id for one in call.once(loads.accounts) if one.number == call.params.get("account", "")}
    return [bill for bill in call.once(loads.bills) if bill.status == "issued" and bill.account_id in ids]


def _bills(call: CustomerCall) -> list[str]:
    return [bill.number for bill in _issued(call)]


def _others(call: CustomerCall) -> list[str]:
    bill = call.once(loads.chosen)
    return [loads.YEAR_AGO, *(one.number for one in _issued(call) if bill is None or one.id != bill.id)]


BILL = Parameter("bill", "an issued bill of the account; the newest when left out", _bills)
AGAINST = Parameter(
    "against", f"another of its bills, or {loads.YEAR_AGO}; the one before when left out", _others
)
