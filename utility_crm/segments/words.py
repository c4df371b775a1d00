"""A tree read back in words, and the words of its conditions, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from babel.numbers import get_currency_precision

from utility_crm.segments.domain.tree import And, Leaf, Not, Tree, Value
from utility_crm.segments.offers import offered
from utility_crm.web.formats import day_year, money, number
from utility_crm.web.words import mark, translator

Labels = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""(fact, "choices" or "parameters") -> (value, label), as `queries.choices_of` finds them."""
OP_WORDS = {
    "at_least": mark("at least"),
    "at_most": mark("at most"),
    "above": mark("above"),
    "below": mark("below"),
    "between": mark("from … to"),
    "from": mark("on or after"),
    "before": mark("before"),
    "in_next_days": mark("in the next days"),
    "in_last_days": mark("in the last days"),
    "any_of": mark("is"),
    "yes": mark("yes"),
    "no": mark("no"),
    "known": mark("is known"),
}
_SAID = {
    "at_least": mark("at least %(first)s"),
    "at_most": mark("at most %(first)s"),
    "above": mark("above %(first)s"),
    "below": mark("below %(first)s"),
    "between": mark("from %(first)s to %(second)s"),
    "from": mark("on or after %(first)s"),
    "before": mark("before %(first)s"),
    "in_next_days": mark("in the next %(first)s days"),
    "in_last_days": mark("in the last %(first)s days"),
    "any_of": mark("is %(first)s"),
    "no": mark("no"),
    "known": mark("is known"),
}


@dataclass(frozen=True)
class Words:
    """How conditions are said to a reader. labels: names of what is chosen, where they were looked up."""

    language: str
    currency: str
    labels: Labels

    @cached_property
    def _labelled(self) -> dict[tuple[str, str], dict[str, str]]:
        return {key: dict(pairs) for key, pairs in self.labels.items()}

    def title(self, fact: str) -> str:
        """A fact's name; its own code where it is offered no more."""
        one = offered().get(fact)
        return translator(self.language, one.package)(one.offer.title) if one else fact

    def about(self, fact: str) -> str:
        """What its parameter says: "on tariff"."""
        return self._own(fact, offered()[fact].offer.about)

    def unit(self, fact: str) -> str:
        """The unit after its figures."""
        return self._own(fact, offered()[fact].offer.unit)

    def label(self, fact: str, value: str, which: str = "choices") -> str:
        """The name of one choice or parameter."""
        offer = offered()[fact].offer
        if which == "choices" and value in offer.words:
            return self._own(fact, offer.words[value])
        return self._labelled.get((fact, which), {}).get(value, value)

    def options(self, fact: str, which: str = "choices") -> list[tuple[str, str]]:
        """(value, words) of what there is to choose from."""
        return [(value, self.label(fact, value, which)) for value, _ in self.labels.get((fact, which), ())]

    def named(self, fact: str, parameter: str) -> str:
        """A fact with what it is asked about: "Saving on tariff Day & Night"."""
        if not parameter:
            return self.title(fact)
        return f"{self.title(fact)} {self.about(fact)} {self.label(fact, parameter, 'parameters')}"

    def leaf(self, leaf: Leaf) -> str:
        """A condition: "Saving on tariff Day & Night above £40.00 a year"."""
        if leaf.op == "yes":
            return self.named(leaf.fact, leaf.parameter)
        told = [self.value(leaf, value) for value in leaf.values]
        first = self._any(told) if leaf.op == "any_of" else told[0] if told else ""
        said = self._(_SAID[leaf.op], first=first, second=told[1] if len(told) > 1 else "")
        unit = self.unit(leaf.fact) if leaf.values and leaf.op not in ("in_next_days", "in_last_days") else ""
        return " ".join(part for part in (f"{self.named(leaf.fact, leaf.parameter)}", said, unit) if part)

    def value(self, leaf: Leaf, value: Value) -> str:
        """One of its values."""
        kind = offered()[leaf.fact].offer.kind
        if isinstance(value, date):
            return day_year(value, self.language)
        if isinstance(value, str):
            return self.label(leaf.fact, value)
        if kind == "money":
            return money(int(value), self.currency, self.language)
        decimals = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
        return number(value, min(decimals, 6), self.language)

    def tree(self, tree: Tree, *, inside: bool = False) -> str:
        """All of it, read back."""
        if isinstance(tree, Leaf):
            return self.leaf(tree)
        if isinstance(tree, Not):
            return self._("not: %(what)s", what=self.tree(tree.part, inside=True))
        if not tree.parts:
            return self._("everybody with a supply")
        parts = [self.tree(part, inside=True) for part in tree.parts]
        if len(parts) == 1:
            return parts[0]
        joined = (self._(" and ") if isinstance(tree, And) else self._(" or ")).join(parts)
        return f"({joined})" if inside else joined

    def _any(self, told: Sequence[str]) -> str:
        if len(told) < 2:
            return told[0]
        return self._("%(some)s or %(last)s", some=", ".join(told[:-1]), last=told[-1])

    def _own(self, fact: str, words: str) -> str:
        return translator(self.language, offered()[fact].package)(words) if words else ""

    def _(self, words: str, **values: object) -> str:
        return translator(self.language, "utility_crm.segments")(words, **values)


def minor_units(currency: str) -> int:
    """How many decimals an amount is typed with."""
    return int(get_currency_precision(currency))
