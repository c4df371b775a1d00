"""Where a customer's late accounts stand: the last step, the next one and its day, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.customer.loads import accounts
from billing.domain.dunning.deciding import decide
from billing.dunning.loading import late_accounts
from billing.dunning.words import reason_words, step_words
from billing.queries.late_fees import Jurisdiction
from utility_crm.kit.parts import CustomerCall
from utility_crm.kit.settings import settings


@dataclass(frozen=True, slots=True)
class Dunned:
    """A late account in words."""

    number: str
    last: str
    last_on: date | None
    coming: str
    due_on: date | None
    reason: str


def dunning_of(call: CustomerCall) -> tuple[Dunned, ...]:
    """Two statements."""
    ids = [one.id for one in call.once(accounts) if one.overdue_minor]
    found = []
    for one in late_accounts(call.session, call.today, Jurisdiction.of(settings()), ids):
        if one.version is None:
            continue
        decision = decide(one.version, one.standing, call.today)
        posted = one.standing.posted
        found.append(
            Dunned(
                one.number,
                step_words(posted[-1].step, call.language) if posted else "",
                posted[-1].posted_on if posted else None,
                step_words(decision.coming, call.language),
                # A step whose day is over is taken by the next call, which is today.
                decision.due_on if decision.step is None else call.today,
                reason_words(decision.reason, call.language),
            )
        )
    return tuple(found)
