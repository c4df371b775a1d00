"""Every fact that is offered, by name, and whose words it is told in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from utility_crm.installed import modules
from utility_crm.kit.errors import Invalid
from utility_crm.kit.facts import FactOffer
from utility_crm.kit.module import resolve
from utility_crm.segments.domain.tree import Tree, read_tree
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Offered:
    """A fact and the package whose words are its."""

    offer: FactOffer
    package: str


@cache
def offered() -> Mapping[str, Offered]:
    """All of them, lowest package first. One name offered twice is a fault of ours."""
    found: dict[str, Offered] = {}
    for module in modules():
        for offer in resolve(module.facts) if module.facts else ():
            if offer.name in found:
                raise ValueError(f"the fact {offer.name!r} is offered twice")
            found[offer.name] = Offered(offer, module.name)
    return MappingProxyType(found)


@cache
def offers() -> Mapping[str, FactOffer]:
    """The offers alone."""
    return MappingProxyType({name: one.offer for name, one in offered().items()})


def question_of(text: str) -> Tree:
    """The tree of JSON that somebody sent. Raises Invalid, also where it lies too deep to be read, or holds
    half of a character pair, which no database keeps."""
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Invalid("segment_tree", mark("This is no question that can be read."), "tree") from None
    return read_tree(document, offers())
