"""Figures of a customer that packages offer by name (`Module.figures`), for texts with blanks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.kit.parts import CustomerCall, Figure


@cache
def offered() -> Mapping[str, Figure]:
    """Every figure by its name, lowest package first; a name belongs to one package."""
    found: dict[str, Figure] = {}
    for module in modules():
        for name, figure in (resolve(module.figures) if module.figures else {}).items():
            if name in found:
                raise KeyError(f"two packages offer the figure {name!r}")
            found[name] = figure
    return found


def figures_for(call: CustomerCall, names: Iterable[str]) -> dict[str, str | None]:
    """Those of one customer; None for what is not offered, or not known of them."""
    known = offered()
    return {name: known[name](call) if name in known else None for name in names}
