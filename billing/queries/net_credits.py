"""What bills of net metering left to the next ones, in kWh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.plans.supply_state import (
    NOTHING_KNOWN,
    KwhCredit,
    ReactiveIntervals,
    ReactiveUse,
    SupplyState,
    SurplusSoFar,
)
from billing.queries.looking_back import demands_of_all, years_of_all

CreditRow = tuple[str, str, str, int, int]
"""code, kind, label, hour, micro_kwh."""

_LEFT = text(
    """
    select k.place, c.code, c.kind, c.label, c.hour, c.micro_kwh
    from unnest(cast(:accounts as bigint[]), cast(:points as text[]), cast(:starts as date[]))
         with ordinality as k(account_id, point, starts_on, place)
    join bills b on b.account_id = k.account_id and b.ends_before = k.starts_on and b.status = 'issued'
    join net_credits c on c.bill_id = b.id
    join agreements g on g.id = c.agreement_id
    join service_points s on s.id = g.service_point_id and s.code = k.point
    order by k.place, c.code, c.kind, c.label, c.hour
    """
)


def states_before(session: Session, supplies: Sequence[tuple[int, str, date]]) -> list[SupplyState]:
    """The state with which supplies (account, service point, first day) begin; at most one statement."""
    if not supplies:
        return []
    values = {
        "accounts": [account_id for account_id, _, _ in supplies],
        "points": [point for _, point, _ in supplies],
        "starts": [starts_on for _, _, starts_on in supplies],
    }
    rows: dict[int, list[CreditRow]] = {}
    for place, *row in session.execute(_LEFT, values):
        rows.setdefault(place, []).append((row[0], row[1], row[2], row[3], row[4]))
    return [state_of_rows(rows.get(place, [])) for place in range(1, len(supplies) + 1)]


def state_of_rows(rows: Sequence[CreditRow]) -> SupplyState:
    """Of one supply."""
    if not rows:
        return NOTHING_KNOWN
    return replace(
        NOTHING_KNOWN,
        credits=tuple(
            KwhCredit(code, label, hour, np.array([micro_kwh], dtype=np.int64))
            for code, kind, label, hour, micro_kwh in rows
            if kind == "credit"
        ),
        surplus=tuple(
            SurplusSoFar(code, np.array([micro_kwh], dtype=np.int64))
            for code, kind, _label, _hour, micro_kwh in rows
            if kind == "surplus"
        ),
    )


def state_of_all(states: Sequence[SupplyState]) -> SupplyState:
    """Several supplies' states as that of one batch, in their order; all of them end with it, or none."""
    reactive = _reactive_of_all([state.reactive for state in states])
    (ends,) = {state.ends for state in states}
    past = SupplyState(demands_of_all(states), years_of_all(states), ends=ends, reactive=reactive)
    if all(not state.credits and not state.surplus for state in states):
        empty = not (past.demands or past.years or ends) and reactive is None
        return NOTHING_KNOWN if empty else past
    credit: dict[tuple[str, str, int], list[int]] = {}
    surplus: dict[str, list[int]] = {}
    for place, state in enumerate(states):
        for one in state.credits:
            key = (one.code, one.label, one.hour)
            credit.setdefault(key, [0] * len(states))[place] += int(one.micro_kwh[0])
        for known in state.surplus:
            surplus.setdefault(known.code, [0] * len(states))[place] += int(known.micro_kwh[0])
    return replace(
        past,
        credits=tuple(KwhCredit(*key, np.array(some, dtype=np.int64)) for key, some in credit.items()),
        surplus=tuple(SurplusSoFar(code, np.array(some, dtype=np.int64)) for code, some in surplus.items()),
    )


def _reactive_of_all(found: Sequence[ReactiveUse | None]) -> ReactiveUse | None:
    """Of supplies that are billed for the same days; None where that of any is not known."""
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    intervals = [one.intervals for one in known if one.intervals is not None]
    together = None
    if len(intervals) == len(known) and len({(i.first_minute, i.interval_minutes) for i in intervals}) == 1:
        first, minutes = intervals[0].first_minute, intervals[0].interval_minutes
        together = ReactiveIntervals(first, minutes, np.concatenate([one.micro_kvarh for one in intervals]))
    return ReactiveUse(known[0].starts_on, np.concatenate([one.micro_kvarh for one in known]), together)
