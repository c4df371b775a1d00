"""Machines at the door: `Authorization: Bearer ...`, and no cookie.

A route of machines asks `bearer(request, "readings:write")` before it reads a body. Wrong tokens are counted
as wrong passwords are (`auth.guesses`), by themselves: five of one beginning from one address, fifty of any,
then that address waits a quarter of an hour.
"""

from __future__ import annotations

from datetime import datetime
from math import ceil

from fastapi import Request
from sqlalchemy.orm import Session

from utility_crm.auth.audit import acts
from utility_crm.auth.guesses import TOKENS
from utility_crm.auth.tokens import PREFIX, Bearer, bearer_of
from utility_crm.kit.clock import utc_now
from utility_crm.web.visit import open_session, present
from utility_crm.web.watched import SAFE, Watched

_REALM = 'Bearer realm="utility-crm"'


class BearerRefused(Exception):
    """A machine that may not: status 401, 403 or 429, what is wrong, and headers that say how to go on."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def bearer(request: Request, scope: str) -> Bearer:
    """Whose request this is. Raises BearerRefused."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        message = "Send a token: Authorization: Bearer ..."
        raise BearerRefused(401, "token_needed", message, {"WWW-Authenticate": _REALM})
    now = utc_now()
    address = request.client.host if request.client else ""
    begins = token[: len(PREFIX) + 6]
    with open_session(request) as session:
        _, paused = TOKENS.standing(session, begins, address, now)
        found = None if paused is not None else bearer_of(session, token, now)
        if paused is None and found is None:
            TOKENS.begin(session, begins, address, now)
        if found is not None:
            _written_down(request, session, found, scope, present())
        session.commit()
    if paused is not None:
        raise _paused(paused, now)
    if found is None:
        headers = {"WWW-Authenticate": f'{_REALM}, error="invalid_token"'}
        raise BearerRefused(401, "token_unknown", "This token is unknown, revoked or expired.", headers)
    if scope not in found.scopes:
        headers = {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'}
        raise BearerRefused(403, "scope_missing", f"This token may not do that; it needs {scope}.", headers)
    return found


def machine_acts(request: Request, session: Session, sender: Bearer, now: datetime) -> None:
    """Write down, in the transaction of the change, that this machine made it; what `note_change` keeps in
    this session is theirs."""
    watched = Watched.by_machine(request, sender.token_id, now)
    acts(session, watched.acting)
    watched.write_down(session)


def _written_down(request: Request, session: Session, found: Bearer, scope: str, now: datetime) -> None:
    """A look, and what is refused; a change is written down with the change itself."""
    watched = Watched.by_machine(request, found.token_id, now)
    if scope not in found.scopes:
        watched.refuse(session)
    elif request.method in SAFE:
        watched.write_down(session)


def _paused(until: datetime, now: datetime) -> BearerRefused:
    seconds = max(1, ceil((until - now).total_seconds()))
    message = f"Too many wrong tokens came from here. Try again in {seconds} seconds."
    return BearerRefused(429, "too_many_guesses", message, {"Retry-After": str(seconds)})
