"""The table of docs/access.md, one row a route and method: which permission it asks for, and what somebody
sees of it who may see some areas only. `python -m tests.web.access_table` adds the rows of new routes and
takes away those of routes that are gone; that a row says what should be is for people to look at."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from utility_crm.customers.whose import Whose
from utility_crm.web.openapi import routes_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "access.md"
HEAD = "| route | asks for | who sees some areas only |"
_ROW = re.compile(r"^\| `(\w+) (\S+)` \| (.+?) \| (.+?) \|$")
_ASKS = re.compile(r"(visit|bearer|pushed|admitted)[(,]\s*request,\s*(?:session,\s*)?(\"[^\"]+\"|[A-Z_]+)")
ANYBODY = "anybody"
DOOR = "a first step at the door"
OPEN = (ANYBODY, "the link itself", "a signature", DOOR, "a sign-in")
"""What else than a permission or a token a route may ask for."""
THEIRS, FILTERED, PLAIN, NOTHING = "what is theirs", "left out by the page", "all: no customers", "nothing"


@dataclass(frozen=True, order=True)
class Row:
    """A route by one method."""

    path: str
    method: str
    asks: str
    limited: str

    def line(self) -> str:
        return f"| `{self.method} {self.path}` | {self.asks} | {self.limited} |"


def limited_of(whose: Whose, path: str, asks: str) -> str:
    """What people who see some areas only see of a route."""
    if asks in OPEN or asks.startswith("token "):
        return "–"
    if whose.of_route(path) and whose.knows_limits(path):
        return THEIRS
    if path in whose.filtered:
        return FILTERED
    return PLAIN if whose.is_plain(path) else NOTHING


def rows_of(app: FastAPI) -> dict[tuple[str, str], Row]:
    """The rows as the source has them, by method and path."""
    found = {}
    for route in routes_of(app):
        asks = _asks(route)
        for method in sorted(route.methods - {"HEAD"}):
            limited = limited_of(app.state.whose, route.path, asks)
            found[method, route.path] = Row(route.path, method, asks, limited)
    return found


def _asks(route: APIRoute) -> str:
    """What the source of a route asks for first, or of a function of its room that it calls; "anybody"
    where it asks nothing."""
    if route.path.startswith("/sign-in/") and route.path != "/sign-in/again":
        return DOOR
    scope: Mapping[str, Any] = getattr(route.endpoint, "__globals__", {})
    source = inspect.getsource(route.endpoint)
    called = [scope.get(name) for name in re.findall(r"\b(\w+)\(", source)]
    room = route.endpoint.__module__.split(".")[:2]
    near = [one for one in called if inspect.isfunction(one) and one.__module__.split(".")[:2] == room]
    sources = [source, *(inspect.getsource(one) for one in near)]
    found = next((match for match in map(_ASKS.search, sources) if match), None)
    if found is None:
        return ANYBODY
    name = found.group(2)
    told = name.strip('"') if name.startswith('"') else str(scope[name])
    return f"token `{told}`" if found.group(1) in ("bearer", "pushed") else f"`{told}`"


def declared() -> dict[tuple[str, str], Row]:
    """The rows of the document."""
    found = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = _ROW.match(line)
        if cells:
            method, path, asks, limited = cells.groups()
            found[method, path] = Row(path, method, asks, limited)
    return found


def written(rows: Iterable[Row]) -> str:
    """The table, sorted by path."""
    return "\n".join([HEAD, "|---|---|---|", *(row.line() for row in sorted(rows))])


def main() -> None:
    """Bring the document's rows up to the routes there are."""
    from sqlalchemy import create_engine

    from utility_crm.app import create_app

    app = create_app(create_engine("postgresql+psycopg://nowhere"), secret="only for a table")
    old, new = declared(), rows_of(app)
    rows = [
        Row(row.path, row.method, asks, limited_of(app.state.whose, row.path, asks))
        for key, row in new.items()
        for asks in [old[key].asks if row.asks == ANYBODY and key in old else row.asks]
    ]
    text = DOCUMENT.read_text(encoding="utf-8")
    begins = text.index(HEAD)
    ends = text.find("\n\n", begins)
    rest = text[ends:] if ends >= 0 else "\n"
    DOCUMENT.write_text(text[:begins] + written(rows) + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
