"""Which tickets a list shows: filters as data, from an address, from a form, or kept under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from utility_crm.kit.errors import Invalid
from utility_crm.tickets.domain.life import CHANNELS, KINDS, PRIORITIES, STATUSES

ORDERS = ("promise", "waits", "newest", "oldest", "changed")
STATES = ("active", "ended", "any", *STATUSES)
SLEEPING = ("awake", "asleep", "any")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "status": STATES,
    "kind": KINDS,
    "priority": PRIORITIES,
    "channel": CHANNELS,
    "sleep": SLEEPING,
    "order": ORDERS,
}
LONGEST_WORDS = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a list; an empty text asks nothing.

    status: one of STATUSES, or active (neither solved nor closed), ended, any. who: "me", "nobody" or a
    person's id; team: "mine", "none" or a team's id. waits: "first" for a first answer, "any" for any;
    due: "soon" where a promise is broken or about to be. sleep: without, with only, or with those that sleep.
    """

    status: str = "active"
    kind: str = ""
    priority: str = ""
    channel: str = ""
    who: str = ""
    team: str = ""
    tag: str = ""
    words: str = ""
    waits: str = ""
    due: str = ""
    named: str = ""
    language: str = ""
    sleep: str = "awake"
    order: str = "promise"

    def document(self) -> dict[str, str]:
        """What is asked, but for what is always asked: as it is kept, and as an address has it."""
        plain = Filters()
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in pairs if value != getattr(plain, name)}


QUESTIONS: dict[str, Filters] = {
    "mine": Filters(who="me"),
    "first": Filters(waits="first", order="waits"),
    "due": Filters(due="soon"),
    "nobody": Filters(who="nobody"),
    "teams": Filters(team="mine"),
    "named": Filters(named="me", status="any", sleep="any", order="changed"),
    "all": Filters(),
}
"""The lists that everybody has, by the question they answer."""


def read(given: Mapping[str, Any], base: Filters | None = None) -> Filters:
    """Filters from an address, a form or a kept document, on top of others. Raises Invalid.

    An empty value leaves what the base asks; what is unknown is refused, so that a kept list never widens.
    """
    asked: dict[str, str] = {}
    known = {one.name for one in fields(Filters)}
    for name, value in given.items():
        if name not in known:
            raise Invalid("filter", f"There is no filter {name!r}.", name)
        if not isinstance(value, str):
            raise Invalid("filter", "A filter is a text.", name)
        word = " ".join(value.split())
        if not word:
            continue
        if word not in _ALLOWED.get(name, (word,)) or len(word) > LONGEST_WORDS or not _fits(name, word):
            raise Invalid("filter", "Choose one of what is offered.", name)
        asked[name] = word
    return replace(base or Filters(), **asked)


def _fits(name: str, word: str) -> bool:
    """Names of people and teams are ids, or the words for one's own and for none."""
    if name == "who":
        return word in ("me", "nobody") or _is_id(word)
    if name == "team":
        return word in ("mine", "none") or _is_id(word)
    if name == "waits":
        return word in ("first", "any")
    return {"due": "soon", "named": "me"}.get(name, word) == word


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < 19
