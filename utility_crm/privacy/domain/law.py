"""How long the law lets, or makes, a supplier keep what it has of a customer who is gone: by country and
kind.

Years are counted from the end of the calendar year of the last day, as tax law has it nearly everywhere;
where
it counts from the day itself, that keeps a few months more than asked. A country that is not here is kept to
the longest of those that are: nothing that a tax office may ask for goes too early. Whoever runs this has the
table read by counsel: it is a default, not advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

KINDS = ("bills", "ledger", "contracts", "readings", "complaints")


@dataclass(frozen=True, slots=True)
class Rule:
    """So many years after the end of the year, and the section that says so."""

    years: int
    source: str


def _of(
    tax: Rule, claims: Rule, *, readings: Rule | None = None, complaints: Rule | None = None
) -> Mapping[str, Rule]:
    return MappingProxyType(
        {
            "bills": tax,
            "ledger": tax,
            "contracts": claims,
            "readings": readings or claims,
            "complaints": complaints or claims,
        }
    )


COUNTRIES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "DE": _of(
            Rule(8, "§ 147 (3) AO, § 257 (4) HGB, § 14b (1) UStG"),
            Rule(3, "§§ 195, 199 BGB"),
            readings=Rule(3, "§ 69 (3) MsbG"),
        ),
        "AT": _of(Rule(7, "§ 132 (1) BAO"), Rule(3, "§ 1486 ABGB")),
        "GB": _of(
            Rule(6, "Value Added Tax Act 1994, Sch. 11, para. 6(3)"),
            Rule(6, "Limitation Act 1980, s. 5"),
        ),
        "FR": _of(Rule(10, "Code de commerce, art. L123-22"), Rule(5, "Code civil, art. 2224")),
        "NL": _of(
            Rule(7, "Algemene wet inzake rijksbelastingen, art. 52(4)"), Rule(5, "Burgerlijk Wetboek 3:307")
        ),
        "ES": _of(Rule(6, "Código de Comercio, art. 30"), Rule(5, "Código Civil, art. 1964.2")),
        "IT": _of(Rule(10, "Codice civile, art. 2220"), Rule(10, "Codice civile, art. 2946")),
        "PL": _of(
            Rule(5, "Ordynacja podatkowa, art. 70 § 1, art. 86 § 1"), Rule(6, "Kodeks cywilny, art. 118")
        ),
        "RU": _of(Rule(5, "402-ФЗ, ст. 29 ч. 1; НК РФ, ст. 23 п. 1 пп. 8"), Rule(3, "ГК РФ, ст. 196 п. 1")),
        "AU": _of(
            Rule(7, "Corporations Act 2001 (Cth), s. 286(2)"),
            Rule(6, "Limitation Act 1969 (NSW), s. 14 and the like of other states"),
        ),
    }
)
ELSEWHERE = _of(
    Rule(10, "no rule of this country is known here: the longest of those that are"),
    Rule(10, "no rule of this country is known here: the longest of those that are"),
)


def rules_of(country: str) -> Mapping[str, Rule]:
    """By kind."""
    return COUNTRIES.get(country, ELSEWHERE)


def until(last: date, rule: Rule) -> date:
    """The last day on which it is kept: the end of the year of `last`, and so many years."""
    return date(last.year + rule.years, 12, 31)
