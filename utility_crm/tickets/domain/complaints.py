"""The course of a complaint: its stages, and by when the law of each country wants what.

Days are dates of the utility's zone. The day on which it arrived is not counted; a period ends with its last
day. That a period which ends on a free day may end later in some places is not used: we answer before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from utility_crm.tickets.domain.procedures import PROCEDURES, Limit, Procedure
from utility_crm.tickets.domain.words import mark
from utility_crm.tickets.domain.working_time import Hours, add_working_days, next_working_day

Stage = Literal["received", "acknowledged", "investigated", "answered", "deadlock", "ombudsman", "closed"]
STAGES: Mapping[str, str] = MappingProxyType(
    {
        "received": mark("received"),
        "acknowledged": mark("acknowledged"),
        "investigated": mark("looked into"),
        "answered": mark("answered"),
        "deadlock": mark("no agreement, final answer sent"),
        "ombudsman": mark("with the ombudsman"),
        "closed": mark("settled"),
    }
)
_NEXT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "received": ("acknowledged", "investigated", "answered", "closed"),
        "acknowledged": ("investigated", "answered", "deadlock", "ombudsman", "closed"),
        "investigated": ("answered", "deadlock", "ombudsman", "closed"),
        "answered": ("closed", "investigated", "deadlock", "ombudsman"),
        "deadlock": ("ombudsman", "closed", "investigated"),
        "ombudsman": ("closed", "investigated"),
        "closed": ("investigated", "ombudsman"),
    }
)
OPEN = tuple(stage for stage in STAGES if stage != "closed")
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "unknown": mark("not known yet"),
        "bill_wrong": mark("a bill was wrong"),
        "reading": mark("a reading was wrong, estimated or missing"),
        "price": mark("price or tariff"),
        "payment": mark("a payment, a refund or a plan"),
        "debt": mark("reminders and debt"),
        "outage": mark("an outage, or its length"),
        "quality": mark("the quality of the supply"),
        "meter": mark("a meter, or a visit"),
        "move": mark("a move or a change of supplier"),
        "service": mark("how we spoke with them"),
        "sale": mark("how it was sold"),
        "data": mark("personal data"),
        "other": mark("something else"),
    }
)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "upheld": mark("they were right"),
        "partly": mark("they were right in part"),
        "not_upheld": mark("we had done right"),
        "withdrawn": mark("they took it back"),
    }
)
"""What a person says came of it."""
NO_MORE: Mapping[str, str] = MappingProxyType(
    {
        "merged": mark("it goes on with another ticket"),
        "none": mark("it was no complaint"),
    }
)
"""Why a ticket is led as a complaint no longer: nothing came of it, and it may be taken up again."""


def joined_stage(kept: str, coming: str) -> str:
    """Where a complaint stands into which another, not settled either, is merged.

    A final answer or the ombudsman's case holds for both. Else what is still owed of either is owed: the
    lesser of the stages, but a confirmation that one arrived is one of the other, too.
    """
    final = [one for one in (kept, coming) if one in ("deadlock", "ombudsman")]
    if final:
        return max(final, key=OPEN.index)
    lesser, further = sorted((kept, coming), key=OPEN.index)
    return "acknowledged" if lesser == "received" and further != "received" else lesser


def next_stages(stage: str) -> tuple[str, ...]:
    """Where a complaint may go from a stage."""
    return _NEXT.get(stage, ())


@dataclass(frozen=True, slots=True)
class DueOn:
    """A step of one complaint and its last day. limit: the rule it follows from."""

    limit: Limit
    on: date


def procedure_for(country: str) -> Procedure:
    """The procedure of a country (ISO 3166-1): its own, that of members of the EU, or the house's."""
    return PROCEDURES.get(country) or PROCEDURES["EU" if country in EU_MEMBERS else ""]


EU_MEMBERS = frozenset(
    {
        "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "GR", "HU", "IE",
        "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
    }
)  # fmt: skip
"""Without DE, which has a procedure of its own."""


def due_days(procedure: Procedure, received_on: date, cause: str, hours: Hours) -> tuple[DueOn, ...]:
    """Every step that is due for a complaint of this cause, soonest first."""
    limits = (one for one in procedure.limits if not one.causes or cause in one.causes)
    found = [DueOn(one, last_day(one, received_on, hours)) for one in limits]
    return tuple(sorted(found, key=lambda one: (one.on, one.limit.step)))


def last_day(limit: Limit, received_on: date, hours: Hours) -> date:
    """The last day of a limit for what was received on a date."""
    if limit.unit == "working_days":
        return add_working_days(hours, received_on, limit.count)
    after = received_on + timedelta(days=limit.count * (7 if limit.unit == "weeks" else 1))
    return next_working_day(hours, after) if limit.then_next_working_day else after


_DONE_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "acknowledge": frozenset(STAGES) - {"received"},
        "answer": frozenset({"answered", "deadlock", "ombudsman", "closed"}),
        # An answer they have not accepted still leaves the eight weeks running.
        "settle": frozenset({"deadlock", "ombudsman", "closed"}),
        "signpost": frozenset({"deadlock", "ombudsman", "closed"}),
    }
)


def owed(steps: tuple[DueOn, ...], stage: str, done: frozenset[str] = frozenset()) -> tuple[DueOn, ...]:
    """The steps that a complaint in this stage still owes, each once, by its first day. done: steps that are
    done whatever the stage, such as a letter that was sent."""
    found: dict[str, DueOn] = {}
    for one in steps:
        if one.limit.step not in done and stage not in _DONE_BY[one.limit.step]:
            found.setdefault(one.limit.step, one)
    return tuple(found.values())


LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "acknowledgement": mark("confirmation that it arrived"),
        "final": mark("final answer"),
        "deadlock": mark("deadlock letter"),
        "signpost": mark("letter on where to turn to"),
    }
)


def done_by_letters(procedure: Procedure, sent: frozenset[str]) -> frozenset[str]:
    """Steps that letters took, whatever the stage. Where the law asks for a letter on where to turn to and
    for no settlement by a day, the final answer says it; where it asks for both, only that letter does."""
    done: set[str] = set()
    if "acknowledgement" in sent:
        done.add("acknowledge")
    if "signpost" in sent:
        done |= {"signpost", "settle"}
    if "final" in sent:
        done.add("answer")
        if all(one.step != "settle" for one in procedure.limits):
            done.add("signpost")
    return frozenset(done)
