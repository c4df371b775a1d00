"""The strategies that come with the platform, each with the source of its rules beside it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from billing.domain.dunning.file import read_strategy
from billing.domain.dunning.strategy import Strategy
from billing.domain.tariffs.json_place import loads


@cache
def shipped() -> tuple[Strategy, ...]:
    """In the order of their codes."""
    folder = files("billing.dunning") / "strategies"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".json")), key=lambda one: one.name)
    return tuple(read_strategy(loads(one.read_text(encoding="utf-8"))) for one in found)
