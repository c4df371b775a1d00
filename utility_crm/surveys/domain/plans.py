"""Who is asked what: a plan is data, changed on a page.

Rules are asked in their order. The first whose ticket type, channel and segment fit, and into whose share the
ticket falls, says the question; who falls outside the share of a rule goes on to the next. Where no rule is
left, nobody is asked. Into which share a ticket falls follows from its number and the rule's, so that asking
twice gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Literal

Asked = Literal["csat", "nps", "none"]
ASKED: tuple[Asked, ...] = ("csat", "nps", "none")
MOST_RULES = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """Of tickets of these types, channels and segments (none named: of all) so many of a hundred are asked
    this; "none": they are asked nothing. key: names the rule in draws, and stays when rules are moved."""

    key: int
    question: Asked
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    share_percent: int = 100

    def fits(self, kind: str, channel: str, segments: Sequence[str]) -> bool:
        """Whether the rule is about such a ticket."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.channels or channel in self.channels)
            and (not self.segments or any(one in self.segments for one in segments))
        )

    def draws(self, ticket_id: int) -> bool:
        """Whether a ticket falls into the rule's share; always the same for the two."""
        named = sha256(f"survey:{self.key}:{ticket_id}".encode()).digest()
        return int.from_bytes(named[:4], "big") % 10_000 < self.share_percent * 100


@dataclass(frozen=True, slots=True)
class Plan:
    """wait_minutes: after a ticket was solved. rest_days: between two surveys of one customer. answer_days:
    so long an answer is taken and may be changed. fewest: answers below which no figure is said. team_id: who
    sees to bad answers; None: the team of the ticket, or else one that has a lead."""

    active: bool = True
    wait_minutes: int = 1440
    rest_days: int = 30
    answer_days: int = 14
    fewest: int = 10
    team_id: int | None = None
    rules: tuple[Rule, ...] = ()

    def question_for(self, ticket_id: int, kind: str, channel: str, segments: Sequence[str]) -> Asked | None:
        """What a ticket's customer is asked; None where no rule is about it."""
        for rule in self.rules:
            if rule.fits(kind, channel, segments) and rule.draws(ticket_id):
                return rule.question
        return None

    def with_rule(self, rule: Rule) -> Plan:
        """The plan with a rule changed (the one of its key), or added at the end with a key of its own."""
        if any(one.key == rule.key for one in self.rules):
            return replace(self, rules=tuple(rule if one.key == rule.key else one for one in self.rules))
        key = 1 + max((one.key for one in self.rules), default=0)
        return replace(self, rules=(*self.rules, replace(rule, key=key)))

    def without_rule(self, key: int) -> Plan:
        """The plan without the rule of a key."""
        return replace(self, rules=tuple(one for one in self.rules if one.key != key))

    def moved(self, key: int, by: int) -> Plan:
        """The plan with a rule so many places later (or, below zero, earlier), at most at an end."""
        rules = list(self.rules)
        at = next((place for place, one in enumerate(rules) if one.key == key), None)
        if at is not None:
            one = rules.pop(at)
            rules.insert(max(0, min(len(rules), at + by)), one)
        return replace(self, rules=tuple(rules))


USUAL = Plan(
    rules=(
        Rule(1, "csat", kinds=("complaint",)),
        Rule(2, "nps", share_percent=25),
        Rule(3, "csat"),
    )
)
"""What holds until somebody changes it."""


def document_of(plan: Plan) -> dict[str, Any]:
    """A plan as it is kept."""
    return asdict(plan)


def plan_of(document: Mapping[str, Any]) -> Plan:
    """A plan as it was kept by `document_of`, also through JSON."""
    given = dict(document)
    rules = []
    for one in given.pop("rules", ()):
        listed: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in one.items()
        }
        rules.append(Rule(**listed))
    return Plan(**given, rules=tuple(rules))
