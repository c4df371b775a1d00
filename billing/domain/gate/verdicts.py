"""All rules over one draft."""

from __future__ import annotations

from collections.abc import Callable

from billing.domain.gate.book import Limits
from billing.domain.gate.figures import Figures
from billing.domain.gate.money import missing_cycle, negative, too_old
from billing.domain.gate.readings import estimates, findings
from billing.domain.gate.use import jump_down, jump_up, zero_use

Rule = Callable[[Figures, Limits], bool]

_RULES: tuple[tuple[str, Rule], ...] = (
    ("missing_cycle", missing_cycle),
    ("too_old", too_old),
    ("negative", negative),
    ("zero_use", zero_use),
    ("jump_up", jump_up),
    ("jump_down", jump_down),
    ("findings", findings),
    ("estimates", estimates),
)
NEED_WEATHER = frozenset({"jump_up", "jump_down"})
"""Knowing the weather can only take these away, never add one: it widens what is expected."""


def verdicts(figures: Figures, limits: Limits) -> tuple[str, ...]:
    """Names of the rules that hold the draft, the gravest first. Where there was no use at all, that it fell
    is no second reason."""
    found = [name for name, rule in _RULES if limits.on(name) and rule(figures, limits)]
    if "zero_use" in found and "jump_down" in found:
        found.remove("jump_down")
    return tuple(found)
