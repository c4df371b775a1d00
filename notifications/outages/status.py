"""The public status page: where the supply is off, without sign-in, cookie or anybody's data.

What the network is called is public, who lives there is not: nothing is read of premises or customers. No
coordinates exist, so the map is the tree laid out as tiles, an area a block, its feeders in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Row, text
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, Response

from utility_crm.kit.settings import settings
from utility_crm.web.visit import know_whether_simulated, open_session, present, today
from utility_crm.web.words import LANGUAGES, best_language

router = APIRouter()
KEPT_SECONDS = 30

_NODES = text("select id, name, kind, parent_id from network_nodes order by kind, name, id")
_OFF = text("""
    select outages.id, part.node_id, outages.planned, outages.starts_at, outages.ends_at,
           (select coalesce(array_agg(back.node_id), '{}') from outages as back
            where back.split_from = outages.id) as back
    from outages join outages as part on part.id = outages.id or part.merged_into = outages.id
    where case when outages.planned then outages.starts_at <= :now and outages.ends_at > :now
               else outages.state in ('confirmed', 'estimated') end
    order by outages.starts_at, outages.id
""")


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on the map. `state`: on, part (somewhere in it) or off; since and expected of the oldest
    outage."""

    name: str
    state: str
    since: datetime | None
    expected: datetime | None
    planned: bool
    feeders: tuple[Tile, ...] = ()


def network_status(session: Session, now: datetime) -> list[Tile]:
    """Every area with its feeders: two statements, however many there are."""
    nodes = {row.id: row for row in session.execute(_NODES)}
    above = {row.id: row.parent_id for row in nodes.values()}
    off: dict[int, Row[Any]] = {}
    within: dict[int, Row[Any]] = {}
    back: set[int] = set()
    for row in session.execute(_OFF, {"now": now}):
        off.setdefault(row.node_id, row)
        back |= set(row.back)
        for place in _up(above, above[row.node_id]):
            within.setdefault(place, row)

    def tile(row: Row[Any], feeders: tuple[Tile, ...] = ()) -> Tile:
        way = _up(above, row.id)
        covering = next((off[place] for place in way if place in off), None)
        if covering is not None and back.isdisjoint(way):
            part = any(node in back and row.id in _up(above, node) for node in covering.back)
            return _tile(row.name, "part" if part else "off", covering, feeders)
        inside = within.get(row.id)
        return _tile(row.name, "part" if inside else "on", inside, feeders)

    below: dict[int, list[Row[Any]]] = {}
    for row in nodes.values():
        if row.kind == "feeder":
            below.setdefault(row.parent_id, []).append(row)
    return [
        tile(area, tuple(tile(feeder) for feeder in below.get(area.id, [])))
        for area in nodes.values()
        if area.kind == "area"
    ]


@router.get("/status")
def status(request: Request, language: str = "") -> Response:
    """The page: kept by anybody for half a minute, the same for all who read a language."""
    now = present()
    chosen = language if language in LANGUAGES else best_language(
        request.headers.get("accept-language", ""), settings().language
    )  # fmt: skip
    with open_session(request) as session:
        know_whether_simulated(request, session)
        areas = network_status(session, now)
    simulated = settings().demo or request.app.state.simulated
    context = {
        "areas": areas, "now": now, "today": today(now), "utility": settings().utility_name,
        "language": chosen, "languages": LANGUAGES, "demo": simulated,
    }  # fmt: skip
    body = request.app.state.templates.render("notifications/status.html", chosen, context)
    headers = {"Cache-Control": f"public, max-age={KEPT_SECONDS}", "Vary": "Accept-Language"}
    return HTMLResponse(body, headers=headers)


def _tile(name: str, state: str, row: Row[Any] | None, feeders: tuple[Tile, ...]) -> Tile:
    if row is None:
        return Tile(name, state, None, None, planned=False, feeders=feeders)
    return Tile(name, state, row.starts_at, row.ends_at, row.planned, feeders)


def _up(above: dict[int, int | None], node: int | None) -> list[int]:
    """The node and what lies above it."""
    way: list[int] = []
    while node is not None:
        way.append(node)
        node = above[node]
    return way
