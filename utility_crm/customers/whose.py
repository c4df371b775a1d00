"""Whose the things are that a request names, by address or form: asked before anything is read.

Rooms and packages say it by `Module.owners`. A person who may see the customers of some areas only gets what
is theirs; anything else answers as if it were not there, a page that shows the whole utility is refused. What
nobody has spoken for is refused, too. Of people without a limit nothing is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from utility_crm.auth.audit import typed
from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import NODES, THEIRS
from utility_crm.kit.errors import Conflict, NotFound, Refused
from utility_crm.kit.module import Module, Owner
from utility_crm.web.watched import route_of
from utility_crm.web.words import mark

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_WHOLE = re.compile(r"\{\w+(?::\w+)?\}")

_OF_ACCOUNT = "select customer_id from accounts where number = :value"
CUSTOMERS = Module(
    name="utility_crm.customers",
    owners=(
        Owner("/customers/{customer_id}", "customer", "cast(:value as bigint)"),
        Owner("", "account", _OF_ACCOUNT, fields=("account",)),
    ),
    filtered=("/", "/customers", "/customers/found"),
    plain=("/me",),
)
"""What the ground itself says."""
ABOUT_ERASED = ("/privacy/",)
"""Below these something may be done about a customer who was erased."""
ONES_OWN = ("/me/", "/sign-in/")
"""Below these, and at /me, a person sees to their own sign-in."""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that a request names: whose it is, and the text it is named by."""

    owner: Owner
    value: str


class Whose:
    """What the installed packages say of their routes."""

    def __init__(self, modules: Iterable[Module]) -> None:
        known = [CUSTOMERS, *modules]
        owners = [owner for module in known for owner in module.owners]
        self.owners = sorted((one for one in owners if one.path), key=lambda one: -len(one.path))
        self.fields = {field: owner for owner in owners for field in owner.fields}
        self.filtered = frozenset(path for module in known for path in module.filtered)
        self.plain = frozenset(path for module in known for path in module.plain)
        self._of: dict[str, tuple[tuple[str, Owner], ...]] = {}

    def of_route(self, path: str) -> tuple[tuple[str, Owner], ...]:
        """The parameters of a route that name things of customers, in their order, and whose those are."""
        if path not in self._of:
            self._of[path] = tuple(self._parameters(path))
        return self._of[path]

    def _parameters(self, path: str) -> Iterable[tuple[str, Owner]]:
        for found in _PARAMETER.finditer(path):
            upto = path[: found.end()]
            owner = next((one for one in self.owners if one.path == upto), None)
            if owner is not None:
                yield found.group(1), owner

    def named(self, request: Request) -> list[Named]:
        """What the address names, in its order; then what the form does, or what follows the address."""
        found = [
            Named(owner, str(request.path_params[parameter]))
            for parameter, owner in self.of_route(route_of(request))
        ]
        typed_in: Mapping[str, Sequence[str]] = getattr(request.state, "typed_in", {})
        for field, owner in self.fields.items():
            values = [*typed_in.get(field, ()), *request.query_params.getlist(field)]
            found += [Named(owner, value.replace("\0", "")) for value in values if value]
        return found

    def knows_limits(self, path: str) -> bool:
        """Whether a route may be opened by people who see some areas only."""
        owners = [owner for _, owner in self.of_route(path)]
        if owners:
            return not any(owner.whole for owner in owners)
        return path in self.filtered or self.is_plain(path)

    def is_plain(self, path: str) -> bool:
        """Whether a route shows nothing of any customer."""
        return path in self.plain or path.startswith(ONES_OWN)

    def customer_of(self, session: Session, request: Request) -> int | None:
        """The customer of the first thing that a request names; None where it is nobody's."""
        for one in self.named(request):
            found: int | None = session.scalar(text(f"select ({one.owner.customer})"), {"value": one.value})
            return found
        return None

    def admit(self, session: Session, user: SignedIn, request: Request, named: Sequence[Named]) -> None:
        """Raises Refused where the page is of the whole utility, NotFound where a thing is not theirs,
        Conflict where something is to be done with a customer who was forgotten."""
        if user.area_ids and not self.knows_limits(route_of(request)):
            words = mark("This page shows customers of every area; you may see those of some areas only.")
            raise Refused("whole_utility", words)
        for one in named:
            if not _admits(session, user, one):
                raise NotFound("not_here", mark("There is nothing of this name here."), None)
        if request.method == "POST" and named and not route_of(request).startswith(ABOUT_ERASED):
            erased_on = session.scalar(_erased(named[0].owner), {"value": named[0].value})
            if erased_on is not None:
                raise Conflict("erased", mark("This customer was erased on %(day)s."), day=erased_on)

    def may_open(self, session: Session, user: SignedIn, address: str) -> bool:
        """Whether a person may open a page by its address, as far as its things are concerned: what is only
        named to them, as in a search, should not be there either where they may not."""
        path = unquote(address.partition("?")[0])
        for owner in self.owners:
            if (found := _named_by(owner.path).fullmatch(path)) is not None:
                return _admits(session, user, Named(owner, found.groups()[-1]))
        return True


@cache
def _named_by(route: str) -> re.Pattern[str]:
    """What addresses of a route look like that ends with the parameter its things are named by."""
    kinds = ["(.+)" if one.endswith(":path}") else "([^/]+)" for one in _WHOLE.findall(route)]
    fixed = [re.escape(part) for part in _WHOLE.split(route)]
    return re.compile("".join(a + b for a, b in zip_longest(fixed, kinds, fillvalue="")))


def _admits(session: Session, user: SignedIn, one: Named) -> bool:
    """Whether the thing is theirs; no statement for who may see everything of its kind."""
    theirs = _more_than_areas(one.owner, user)
    if not user.area_ids and not theirs:
        return True
    values: dict[str, Any] = {
        "user_id": user.id,
        "team_ids": list(user.team_ids),
        "sees_all_tickets": user.sees_all_tickets,
        "area_ids": list(user.area_ids),
    }
    sql = _condition(one.owner, bool(user.area_ids), theirs)
    return bool(session.scalar(sql, {**_used(sql, values), "value": one.value}))


def _more_than_areas(owner: Owner, user: SignedIn) -> bool:
    return bool(owner.theirs) and not (owner.all_by and user.may(owner.all_by))


@cache
def _erased(owner: Owner) -> TextClause:
    """SQL of the day on which the thing's customer was erased."""
    return text(f"select erased_on from customers where id = ({typed(owner.customer)})")


@cache
def _condition(owner: Owner, areas: bool, theirs: bool) -> TextClause:
    """SQL of whether a person may see the thing."""
    conditions = []
    if areas and owner.node:
        conditions.append(f"({owner.node}) in ({NODES})")
    elif areas:
        of_areas = THEIRS.format(customer=owner.customer)
        conditions.append(f"(({owner.customer}) is null or {of_areas})" if owner.anybodys else of_areas)
    if theirs:
        conditions.append(f"({owner.theirs})")
    sql = typed(" and ".join(conditions))
    sql = sql.replace(":area_ids", "cast(:area_ids as bigint[])")
    return text(f"select coalesce({sql.replace(':team_ids', 'cast(:team_ids as bigint[])')}, false)")


def _used(sql: TextClause, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in sql.text}
