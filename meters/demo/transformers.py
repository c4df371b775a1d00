"""Meters at some simulated transformers: what the homes below took, and what was lost on the way to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.demo.block_copy import BlockCopy
from meters.demo.feeds import KINDS, daily_feed
from meters.demo.half_hours import Energy
from meters.domain.quality import Quality
from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.places import TRANSFORMERS_PER_FEEDER, Node
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream

Int64 = npt.NDArray[np.int64]

LEAST_LOSS, MOST_LOSS = 0.022, 0.041
THEFT_SHARE, THEFT_PLACE, THEFT_DAYS = 0.085, 4, 75
"""At one transformer this much more has gone missing for so many days."""


@dataclass(frozen=True, slots=True)
class MeteredNode:
    """A transformer with a meter; `service_point_id` and `channel_id` are those of its rows."""

    node: Node
    service_point: str
    service_point_id: int
    channel_id: int
    collector: int


def metered_nodes(plan: Plan, first_channel: int) -> list[MeteredNode]:
    """The first transformer of each feeder. Its rows follow those of the supplies and their channels."""
    transformers = [node for node in plan.nodes if node.kind == "transformer"]
    areas = {node.code: place for place, node in enumerate(n for n in plan.nodes if n.kind == "area")}
    return [
        MeteredNode(
            node,
            f"TR-{node.code}",
            len(plan.supplies) + turn + 1,
            first_channel + turn,
            areas[node.code.split("-")[0]] * len(KINDS),
        )
        for turn, node in enumerate(transformers[::TRANSFORMERS_PER_FEEDER])
    ]


class TransformerMeters:
    """Adds up what flows to the homes of each metered transformer, chunk by chunk, and writes it with its
    losses."""

    def __init__(self, plan: Plan, nodes: list[MeteredNode]) -> None:
        self._plan, self._nodes = plan, nodes
        turn = {metered.node.id: place for place, metered in enumerate(nodes)}
        self._turn = np.array([turn.get(supply.address.node_id, -1) for supply in plan.supplies])
        self._ends = plan.ends()
        self._sums = np.zeros((len(nodes), plan.calendar.days, SLOTS), dtype=np.int64)

    def add(self, chunk: slice, energy: Energy) -> None:
        """The true energy of a chunk, before anything is guessed of it. Who has left takes nothing."""
        here = np.flatnonzero(self._turn[chunk] >= 0)
        if not here.size:
            return
        net = energy.imported[here].copy()
        for row, exported in zip(energy.solar.tolist(), energy.exported, strict=True):
            net[here == row] -= exported
        days = np.arange(net.shape[1])
        net[days[None, :] >= self._ends[chunk][here][:, None]] = 0
        np.add.at(self._sums, self._turn[chunk][here], net)

    def write(self, copy: BlockCopy, dates: npt.NDArray[np.datetime64]) -> Iterator[tuple[Int64, Int64]]:
        """Write every day of every metered transformer; the days and their collector, to be counted."""
        draw = stream(self._plan.seed, "losses")
        days = np.arange(self._plan.calendar.days)
        for place, metered in enumerate(self._nodes):
            usual = draw.uniform(LEAST_LOSS, MOST_LOSS)
            share = usual + draw.normal(0, 0.002, days.size)
            if place == THEFT_PLACE:
                share[-THEFT_DAYS:] += THEFT_SHARE
            came = np.maximum(self._sums[place], 0) * (1 / (1 - share))[:, None]
            micro = np.rint(came / 1000).astype(np.int64) * 1000
            channel = np.full(days.size, metered.channel_id)
            collector = np.full(days.size, metered.collector)
            quality = np.full(days.size, int(Quality.ACTUAL))
            copy.write(channel, dates, micro, quality, daily_feed(collector, days))
            yield days, collector
