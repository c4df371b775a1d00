"""What meters gives the host."""

from __future__ import annotations

from utility_crm.kit.module import Module, Owner, Room

_LIVES_THERE = """select a.customer_id from service_points s join occupancies o on o.premise_id = s.premise_id
    join accounts a on a.id = o.account_id where s.code = :value
    order by o.starts_on desc, o.id desc limit 1"""
_STANDS_AT = (
    "select p.node_id from service_points s join premises p on p.id = s.premise_id where s.code = :value"
)


def _point(path: str, *fields: str) -> Owner:
    """A service point belongs to its place; who lives there now is written down as its customer."""
    return Owner(path, "service point", _LIVES_THERE, _STANDS_AT, fields=fields)


MODULE = Module(
    name="meters",
    personal="meters.personal:PERSONAL",
    facts="meters.facts:FACTS",
    tables="meters.tables",
    pages="meters.pages:router",
    customer="meters.customer:ROOM",
    search="meters.search:find_meters",
    figures="meters.figures:FIGURES",
    calendar="meters.visits.calendar:visits_between",
    importing="meters.importing:COLUMNS",
    network_importing="meters.balance.importing:COLUMNS",
    jobs="meters.jobs:JOBS",
    commands="meters.commands:app",
    demo="meters.demo:build",
    announces="meters.announcing:ANNOUNCED",
    owners=(
        _point("/meters/{code:path}"),
        _point("/meter-lineage/{code:path}"),
        _point("/meter-reads/{code:path}"),
        _point("", "point"),
    ),
    navigation=(Room("Feeds", "/feeds", "f", "feeds.run", 25),),
)
