"""What sign-in keeps: of people who work here, and of machines."""

from __future__ import annotations

from utility_crm.kit.personal import Aging, Holding, Personal
from utility_crm.web.words import mark

STAFF = "of people who work here"

PERSONAL = Personal(
    holdings=(
        Holding("api_answers", mark("Answers to machines"), "false", "delete", out=None, sweeps=("answer",)),
    ),
    agings=(
        Aging(
            "sign_ins",
            mark("Sign-ins of staff"),
            "sign_ins",
            "seen_at",
            3,
            mark("as long as an attack is looked for"),
            old="t.seen_at < :cut",
            least=1,
        ),
    ),
    apart={
        "users": STAFF,
        "teams": STAFF,
        "team_members": STAFF,
        "sign_ins": STAFF,
        "second_factors": STAFF,
        "recovery_codes": STAFF,
        "outside_identities": STAFF,
        "guesses": "counts of wrong passwords",
        "api_tokens": "of machines, not of people",
    },
)
