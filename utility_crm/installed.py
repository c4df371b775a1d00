"""The installed packages: a sixth is one more name. The web application is made of them in `app`."""

from __future__ import annotations

from functools import cache

from utility_crm.kit.module import Module, resolve

MODULES = ["notifications", "meters", "billing", "churn"]
GROUND = [
    "utility_crm.people",
    "utility_crm.live",
    "utility_crm.jobs",
    "utility_crm.audit",
    "utility_crm.tasks",
    "utility_crm.knowledge",
    "utility_crm.records",
    "utility_crm.tickets",
    "utility_crm.tickets.care",
    "utility_crm.mail",
    "utility_crm.telephony",
    "utility_crm.surveys",
    "utility_crm.board",
    "utility_crm.quality",
    "utility_crm.webhooks",
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


@cache
def modules() -> tuple[Module, ...]:
    """Every room's and every installed package's contribution, lowest first."""
    return tuple(resolve(f"{name}.module:MODULE") for name in [*GROUND, *MODULES])


def load_tables() -> None:
    """Import every package's tables, so that the metadata is whole."""
    for name in [*GROUND_TABLES, *(module.tables for module in modules() if module.tables)]:
        resolve(name)
