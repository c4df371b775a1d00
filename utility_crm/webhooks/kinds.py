"""Every kind of event that others may listen to, as the rooms and packages announce them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from utility_crm.installed import modules
from utility_crm.kit.module import Module, resolve
from utility_crm.kit.ports import Announced

TEST: Final = "webhook.test"
"""Sent by hand to one listener; nobody subscribes to it."""


@cache
def kinds() -> Mapping[str, Announced]:
    """By name, in the order of the packages."""
    return {one.kind: one for module in modules() for one in _of(module)}


def _of(module: Module) -> tuple[Announced, ...]:
    found: tuple[Announced, ...] = resolve(module.announces) if module.announces else ()
    return found
