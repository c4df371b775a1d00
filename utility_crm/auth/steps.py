"""What stands between the right password and the pages: the second factor, a password of one's own, the
setting up of a factor where the role needs one; in this order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from utility_crm.auth.own import check_still_given, password_given_until
from utility_crm.auth.queries import SignedIn
from utility_crm.auth.second_factor import factor_standing
from utility_crm.auth.sign_ins import WaitsFor, Way
from utility_crm.kit.installation import is_simulated
from utility_crm.kit.settings import settings


def needs_factor(session: Session, role: str) -> bool:
    """Whether people of this role sign in with a second step (setting `second_factor_roles`). In a simulated
    utility nobody does, unless the setting was made: its passwords were printed for whoever tries it."""
    known = settings()
    if "second_factor_roles" not in known.model_fields_set and is_simulated(session):
        return False
    named = {one.strip() for one in known.second_factor_roles.split(",")}
    return role in named or "all" in named


def next_step(session: Session, user: SignedIn, now: datetime, way: Way, done: WaitsFor = "") -> WaitsFor:
    """What the sign-in of this person waits for after `done` ("" after the password itself); "" for nothing.

    Who comes by an identity provider has shown there who they are: neither its password nor a second step is
    asked here, unless they set one up themselves. Refused where a password that was given is past its time.
    """
    since = factor_standing(session, user.id).since
    if done == "" and since is not None:
        return "factor"
    if done != "password" and way == "password":
        until = password_given_until(session, user.id)
        check_still_given(until, now)
        if until is not None:
            return "password"
    return "enrolment" if since is None and way == "password" and needs_factor(session, user.role) else ""
