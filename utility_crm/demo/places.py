"""The simulated network (area, feeder, transformer) and the addresses hung on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utility_crm.demo.random_streams import stream
from utility_crm.demo.words import AREAS, STREET_KINDS, STREET_WORDS

FEEDERS_PER_AREA = 3
TRANSFORMERS_PER_FEEDER = 4
POSTCODE_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Node:
    """A place of the network; `id` is its row's, numbered from 1 in the order of the list."""

    id: int
    code: str
    name: str
    kind: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a premise stands: node is the id of a transformer, area the place in AREAS."""

    line: str
    city: str
    postcode: str
    node_id: int
    area: int


def make_network() -> tuple[Node, ...]:
    """Four areas, each with three feeders of four transformers: 64 nodes, the same for every seed."""
    nodes: list[Node] = []

    def add(code: str, name: str, kind: str, parent: int | None) -> int:
        nodes.append(Node(len(nodes) + 1, code, name, kind, parent))
        return len(nodes)

    for code, area, _towns in AREAS:
        area_id = add(code, area, "area", None)
        for feeder in range(1, FEEDERS_PER_AREA + 1):
            feeder_id = add(f"{code}-{feeder}", f"{area} {feeder}", "feeder", area_id)
            for transformer in range(1, TRANSFORMERS_PER_FEEDER + 1):
                name = f"{area} {feeder}, transformer {transformer}"
                add(f"{code}-{feeder}-{transformer}", name, "transformer", feeder_id)
    return tuple(nodes)


def transformers_of(nodes: tuple[Node, ...], area: int) -> tuple[int, ...]:
    """Ids of an area's transformers, in order."""
    code = AREAS[area][0]
    return tuple(node.id for node in nodes if node.kind == "transformer" and node.code.startswith(f"{code}-"))


def make_addresses(seed: int, nodes: tuple[Node, ...], count: int) -> tuple[Address, ...]:
    """`count` different addresses: a street belongs to one town and one transformer."""
    draw = stream(seed, "addresses")
    streets = [f"{word} {kind}" for word in STREET_WORDS for kind in STREET_KINDS]
    order = draw.permutation(len(streets))
    houses = draw.integers(4, 16, len(streets))
    made: list[Address] = []
    for turn, street in enumerate(order):
        area = int(draw.choice(len(AREAS), p=(0.3, 0.25, 0.2, 0.25)))
        towns = AREAS[area][2]
        city, district = towns[int(draw.integers(len(towns)))]
        node = int(draw.choice(transformers_of(nodes, area)))
        letters = "".join(POSTCODE_LETTERS[place] for place in draw.integers(0, len(POSTCODE_LETTERS), 2))
        postcode = f"{district} {int(draw.integers(1, 10))}{letters}"
        numbers = np.sort(draw.choice(np.arange(1, 60), int(houses[turn]), replace=False))
        made += [Address(f"{n} {streets[street]}", city, postcode, node, area) for n in numbers]
        if len(made) >= count:
            return tuple(made[:count])
    raise ValueError(f"{count} addresses are more than the streets hold")
