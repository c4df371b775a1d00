"""What a package offers to know of customers by name, so that segments may be made of it.

A package names its tuple of these in its `Module` (`facts="billing.facts:FACTS"`). Whoever asks about a fact
knows its name and kind; nobody imports its owner. What somebody is to be protected for is never offered to
be chosen by (`leave_out_only`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["number", "money", "date", "choice", "yes-no"]


@dataclass(frozen=True, slots=True)
class FactOffer:
    """One fact. A customer may have several values of it, where `several`; who has none is unknown.

    name        stands in saved segments: it never changes
    title       marked words, "Balance"
    kind        number, money (minor units), date, choice (a text code) or yes-no
    sql         a select of `customer_id, value`, in which :today (date), :now (instant) and, where there are
                parameters, :parameter (text) may stand. Of a stored fact: what the clock fills `fact_values`
                from; "" where its owner keeps it there by `keep_fact`
    stored      it is read from `fact_values`: too slow to be asked live, so its age is shown
    unit        marked words after a figure: "kWh a year"
    choices     SQL of `value, label` of a choice: what there is to choose from
    words       marked words of those values that are codes of ours; without `choices` they are all there are
    parameters  SQL of `parameter, label`: what the fact is asked about, the tariff of a saving
    about       marked words of that question, "on which tariff"
    several     a customer may have more than one value: one that fits is enough
    absent_is_none  whoever has no value has none of it (0, no, no tag) and is not unknown
    base        a yes-no fact: of whom it is not true is in no segment at all (somebody without a supply)
    leave_out_only  it may only stand as "not", and nobody is chosen for it: needs of care
    """

    name: str
    title: str
    kind: Kind
    sql: str = ""
    stored: bool = False
    unit: str = ""
    choices: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    parameters: str = ""
    about: str = ""
    several: bool = False
    absent_is_none: bool = False
    base: bool = False
    leave_out_only: bool = False
