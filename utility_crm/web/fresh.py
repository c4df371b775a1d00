"""Showing once more who one is, before what must not be done by somebody who found a browser open.

    with visit(request, ...) as v:
        need_fresh_factor(v)

Whoever has a second step is asked for its code, others for their password; it counts for `fresh_minutes`
(settings), as signing in does. Call it where the form is shown and where it is taken, before anything is
done: what was typed into a form is not carried over.
"""

from __future__ import annotations

from datetime import timedelta

from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.web.visit import Visit


class ProofNeeded(Exception):
    """The edge leads to /sign-in/again and back."""


def is_fresh(v: Visit) -> bool:
    """Whether this person has shown who they are lately."""
    here = v.request.state.here
    return here is not None and utc_now() - here.proved_at < timedelta(minutes=settings().fresh_minutes)


def need_fresh_factor(v: Visit) -> None:
    """Raises ProofNeeded unless this person has shown who they are lately."""
    if not is_fresh(v):
        raise ProofNeeded
