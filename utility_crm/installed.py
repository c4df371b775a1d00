"""The installed packages: a sixth is one more name. The web application is made of them in `app`."""

from __future__ import annotations

from functools import cache

from utility_crm.kit.module import Module, resolve
from utility_crm.kit.personal import Personal

MODULES = ["notifications", "meters", "billing", "churn", "churn.campaigns", "churn.uplift", "churn.value"]
GROUND = [
    "utility_crm.people",
    "utility_crm.live",
    "utility_crm.jobs",
    "utility_crm.audit",
    "utility_crm.tasks",
    "utility_crm.knowledge",
    "utility_crm.records",
    "utility_crm.segments",
    "utility_crm.tickets",
    "utility_crm.tickets.care",
    "utility_crm.mail",
    "utility_crm.telephony",
    "utility_crm.surveys",
    "utility_crm.board",
    "utility_crm.quality",
    "utility_crm.webhooks",
    "utility_crm.privacy",
]
"""Rooms of the ground that are modules, too: their pages, tables, jobs and words come as a package's do."""
GROUND_TABLES = [
    "utility_crm.kit.tables",
    "utility_crm.auth.tables",
    "utility_crm.auth.door_tables",
    "utility_crm.network.tables",
    "utility_crm.customers.tables",
    "utility_crm.customers.party_tables",
    "utility_crm.segments.tables",
    "utility_crm.live.tables",
    "utility_crm.announcing.tables",
]
GROUND_PERSONAL = [("utility_crm.customers", "utility_crm.customers.personal:PERSONAL")]
"""What the ground's rooms that are no modules keep of people, by the room whose words say it."""


@cache
def modules() -> tuple[Module, ...]:
    """Every room's and every installed package's contribution, lowest first."""
    return tuple(resolve(f"{name}.module:MODULE") for name in [*GROUND, *MODULES])


@cache
def personal() -> tuple[tuple[str, Personal], ...]:
    """What every room and package keeps of people, by its name; whatever stands on others first."""
    named = [(module.name, module.personal) for module in reversed(modules()) if module.personal]
    return tuple((name, resolve(reference)) for name, reference in [*named, *GROUND_PERSONAL])


def load_tables() -> None:
    """Import every package's tables, so that the metadata is whole."""
    for name in [*GROUND_TABLES, *(module.tables for module in modules() if module.tables)]:
        resolve(name)
