"""What the law of each country asks of a supplier who is complained to, as data with its sources.

What no text asks and this house does all the same is marked as an assumption, and so is what we could not
read in the text itself. A supplier's own lawyer has the last word; the table is the place to write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from utility_crm.tickets.domain.words import mark

Step = Literal["acknowledge", "answer", "settle", "signpost"]
STEPS: Mapping[str, str] = MappingProxyType(
    {
        "acknowledge": mark("confirm that it arrived"),
        "answer": mark("answer with reasons"),
        "settle": mark("settle it, or say that we cannot"),
        "signpost": mark("write where they may turn to"),
    }
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A step and how long it may take since the complaint was received.

    causes: only for these; empty: for all. then_next_working_day: it is due on the first working day after
    the period. source: the text it stands in; assumption: no text that we have read asks for it.
    """

    step: Step
    count: int
    unit: Literal["days", "working_days", "weeks"]
    source: str
    causes: frozenset[str] = frozenset()
    then_next_working_day: bool = False
    assumption: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """Who decides, where we and the customer do not agree. months: how long after our final letter they may
    turn there; None: not said."""

    name: str
    address: str
    phone: str
    website: str
    source: str
    months: int | None = None
    free: bool = True


@dataclass(frozen=True, slots=True)
class Procedure:
    """A country's: its limits, who decides in the end, and what the final letter is called there."""

    country: str
    limits: tuple[Limit, ...]
    body: Body | None
    note: str = ""


_HOUSE = mark("a rule of the house")
_GB = "Gas and Electricity (Consumer Complaints Handling Standards) Regulations 2008 (SI 2008/1898), reg. 6"
_EU = "Directive (EU) 2019/944, art. 10 and 26"
_DE = "EnWG § 111a"
_RU_QUALITY = "Постановление Правительства РФ от 06.05.2011 № 354, п. 31"
_RU_CLAIM = "Закон РФ от 07.02.1992 № 2300-1, ст. 22 и 31"

PROCEDURES: Mapping[str, Procedure] = MappingProxyType(
    {
        "GB": Procedure(
            "GB",
            (
                Limit("acknowledge", 2, "working_days", _HOUSE, assumption=True),
                Limit("answer", 4, "weeks", _HOUSE, assumption=True),
                Limit("settle", 8, "weeks", _GB),
                Limit("signpost", 8, "weeks", _GB, then_next_working_day=True),
            ),
            Body(
                "Energy Ombudsman",
                "P.O. Box 966, Warrington, WA4 9DF",
                "0330 440 1624",
                "www.energyombudsman.org",
                "Consumers, Estate Agents and Redress Act 2007, s. 47; SI 2008/1898, reg. 6",
                months=12,
            ),
            "Northern Ireland has rules of its own (SI 2008/1898, reg. 1(2)).",
        ),
        "DE": Procedure(
            "DE",
            (
                Limit("acknowledge", 2, "working_days", _HOUSE, assumption=True),
                Limit("answer", 4, "weeks", _DE),
                Limit("signpost", 4, "weeks", _DE),
            ),
            Body(
                "Schlichtungsstelle Energie e. V.",
                "Friedrichstraße 133, 10117 Berlin",
                "+49 30 27572400",
                "www.schlichtungsstelle-energie.de",
                "EnWG § 111b",
            ),
            "Consumers only (§ 13 BGB).",
        ),
        "RU": Procedure(
            "RU",
            (
                Limit(
                    "answer", 3, "working_days", _RU_QUALITY,
                    causes=frozenset({"quality", "outage"}), assumption=True,
                ),
                Limit(
                    "answer", 10, "days", _RU_CLAIM,
                    causes=frozenset({"bill_wrong", "reading", "price", "payment", "debt", "sale"}),
                ),
                Limit("answer", 30, "days", _HOUSE, assumption=True),
                Limit("acknowledge", 1, "working_days", _HOUSE, assumption=True),
            ),
            Body(
                "Роспотребнадзор",
                "127994, Москва, Вадковский пер., д. 18, стр. 5 и 7",
                "8 800 555-49-43",
                "www.rospotrebnadzor.ru",
                "Закон РФ от 07.02.1992 № 2300-1, ст. 40",
            ),
            "No energy ombudsman; 59-FZ binds authorities, not suppliers.",
        ),
        "EU": Procedure(
            "EU",
            (
                Limit("acknowledge", 2, "working_days", _HOUSE, assumption=True),
                Limit("answer", 30, "days", _HOUSE, assumption=True),
                Limit("signpost", 8, "weeks", _EU, assumption=True),
            ),
            None,
            "The Directive asks for simple and prompt handling and names no days; each member state does.",
        ),
        "": Procedure(
            "",
            (
                Limit("acknowledge", 2, "working_days", _HOUSE, assumption=True),
                Limit("answer", 30, "days", _HOUSE, assumption=True),
                Limit("settle", 8, "weeks", _HOUSE, assumption=True),
            ),
            None,
        ),
    }
)  # fmt: skip
"""By country; "EU": members without a line of their own; "": everywhere else."""
