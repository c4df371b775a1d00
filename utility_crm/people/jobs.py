"""What the clock calls of the door."""

from __future__ import annotations

from datetime import time

from utility_crm.auth.guesses import forget_guesses
from utility_crm.auth.sign_ins import forget_sign_ins
from utility_crm.kit.module import Job
from utility_crm.web.words import mark

SAID = (mark("%(gone)s places of wrong tries forgotten"), mark("%(gone)s old sign-ins forgotten"))
"""What they say: the rooms below the pages have no catalogue of their own."""

JOBS = (
    Job("people.forget_guesses", 3600, forget_guesses, mark("Forget wrong tries that count no longer")),
    Job("people.forget_sign_ins", 86_400, forget_sign_ins, mark("Forget old sign-ins"), at=time(2, 25)),
)
