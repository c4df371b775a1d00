"""The months before, where a tariff looks back upon them: known, or a reason to hold the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from billing.domain.tariffs.tariff import Tariff
from billing.drafting.parts import Hold, Placed, hold
from billing.queries.looking_back import pasts_before
from billing.queries.supplies import Supply


def with_past(session: Session, placed: Sequence[Placed]) -> tuple[list[Placed], list[Hold]]:
    """Each with what its earlier bills left of demands and years, and whether its supply ends; one statement,
    none where no tariff looks back."""
    looking = [place for place, item in enumerate(placed) if item.tariff.looks_back]
    pasts = pasts_before(
        session, [(placed[at].supply.agreement_id, placed[at].period.starts_on) for at in looking]
    )
    past_of = dict(zip(looking, pasts, strict=True))
    ready: list[Placed] = []
    holds: list[Hold] = []
    for place, item in enumerate(placed):
        past = past_of.get(place)
        if past is None:
            ready.append(item)
        elif past.known:
            state = replace(past.added_to(item.state), ends=item.supply.ends)
            ready.append(replace(item, state=state))
        else:
            holds.append(past_unknown(item.supply, item.tariff))
    return ready, holds


def past_unknown(supply: Supply, tariff: Tariff) -> Hold:
    """No bill is better than one that knows nothing of the months before."""
    words = (
        f"Tariff {tariff.code} looks back on months before (a ratchet, or a minimum of the year), "
        "and what was drawn or billed in them is not known."
    )
    return hold(supply, "looks_back", words)
