"""One request as the audit log has it: what it names, whether that may be seen, and the row about it.

Written down: every change (whatever is not GET or HEAD), every look at a thing of a customer, every search,
every file that leaves the house, every page of people; refusals, too. Not written down: routes that a package
calls plain, and parts of a page of the whole utility that htmx asks for (it was written down as a page).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from fastapi import Request
from sqlalchemy.orm import Session

from utility_crm.auth.audit import Acting, Kind, write_down
from utility_crm.auth.queries import SignedIn
from utility_crm.kit.errors import NotFound
from utility_crm.kit.module import Owner
from utility_crm.web.words import mark

SAFE = ("GET", "HEAD", "OPTIONS")
_LEAVES = re.compile(r"\.(csv|pdf|xml|xlsx|zip|json)$|/export\b")
"""Routes whose answer is a file to take along."""


class Named(Protocol):
    """A thing that a request names: whose it is, and the text it is named by."""

    @property
    def owner(self) -> Owner: ...
    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """A request under the eyes of the audit log."""

    request: Request
    user: SignedIn | None
    acting: Acting
    route: str
    named: Sequence[Named]

    @classmethod
    def of(cls, request: Request, user: SignedIn, now: datetime) -> Watched:
        """The request of a person."""
        acting = acting_of(request, now, user_id=user.id)
        return cls(request, user, acting, route_of(request), _whose(request).named(request))

    @classmethod
    def by_machine(cls, request: Request, token_id: int, now: datetime) -> Watched:
        """The request of a machine with a token."""
        acting = acting_of(request, now, token_id=token_id)
        return cls(request, None, acting, route_of(request), _whose(request).named(request))

    def admit(self, session: Session) -> None:
        """Raises Refused or NotFound where the person may not see what is named."""
        if self.user is not None:
            _whose(self.request).admit(session, self.user, self.request, self.named)

    def as_if_foreign(self, error: NotFound) -> NotFound:
        """To people who see some areas only, what is not there and what is not theirs look the same."""
        if self.user is not None and self.user.area_ids and self.named:
            return NotFound("not_here", mark("There is nothing of this name here."))
        return error

    def write_down(self, session: Session) -> None:
        """The row of a request that was answered."""
        changes = self.request.method not in SAFE
        kind = kind_of(self.request, self.route)
        if not changes and kind == "view" and not self.named:
            fragment = self.request.headers.get("HX-Request") == "true"
            if fragment or _whose(self.request).is_plain(self.route):
                return
        refused = getattr(self.request.state, "form", None) is not None
        said, nothing = getattr(self.request.state, "done", ("", False))
        write_down(
            session, self.acting, kind, outcome="not_done" if changes and (refused or nothing) else "done",
            owner=self._owner, subject=self._subject, said=said,
        )  # fmt: skip

    def refuse(self, session: Session) -> None:
        """The row of a request that was turned away."""
        kind = kind_of(self.request, self.route)
        write_down(session, self.acting, kind, outcome="refused", owner=self._owner, subject=self._subject)

    @property
    def _owner(self) -> Owner | None:
        return self.named[0].owner if self.named else None

    @property
    def _subject(self) -> str:
        if self.named:
            return self.named[0].value
        return self.request.query_params.get("q", "").replace("\0", "")


def kind_of(request: Request, route: str) -> Kind:
    """What a request is."""
    if request.method not in SAFE:
        return "change"
    if _LEAVES.search(route):
        return "export"
    return "search" if request.query_params.get("q", "").strip() else "view"


def acting_of(
    request: Request, now: datetime, *, user_id: int | None = None, token_id: int | None = None
) -> Acting:
    """Who acts, from where, by which route."""
    address = request.client.host if request.client else ""
    what = f"{request.method} {route_of(request)}"
    return Acting(now, what, user_id, token_id, address, uuid4().hex[:16])


def route_of(request: Request) -> str:
    """The route a request was matched to, as it was declared: "/bills/{number}"."""
    return str(getattr(request.scope.get("route"), "path", request.url.path))


def _whose(request: Request) -> Any:
    return request.app.state.whose
