"""What the clock calls of the door."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.orm import Session

from utility_crm.auth.guesses import forget_guesses
from utility_crm.auth.sealing import Sealer, reseal
from utility_crm.auth.sign_ins import forget_sign_ins
from utility_crm.kit.module import Job
from utility_crm.kit.runtime import signing_keys
from utility_crm.kit.said import said
from utility_crm.web.words import mark

SAID = (mark("%(gone)s places of wrong tries forgotten"), mark("%(gone)s old sign-ins forgotten"))
"""What they say: the rooms below the pages have no catalogue of their own."""


def seal_anew(session: Session, now: datetime) -> str:
    """Once the secret key was renewed, what the old one sealed is sealed by the new one."""
    del now
    return said(mark("%(count)s secrets sealed anew"), count=reseal(session, Sealer(signing_keys())))


JOBS = (
    Job("people.seal_anew", 3600, seal_anew, mark("Seal secrets anew after a new key")),
    Job("people.forget_guesses", 3600, forget_guesses, mark("Forget wrong tries that count no longer")),
    Job("people.forget_sign_ins", 86_400, forget_sign_ins, mark("Forget old sign-ins"), at=time(2, 25)),
)
