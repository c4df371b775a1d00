"""What surrounds every page: the utility's name, the rooms a person may enter, theme and language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from fastapi import Request

from utility_crm.auth.permissions import ROLES
from utility_crm.auth.queries import SignedIn
from utility_crm.kit.module import Module, Room
from utility_crm.kit.settings import settings
from utility_crm.web.banners import banner_of
from utility_crm.web.cookies import cookie_of, named
from utility_crm.web.forms import Form
from utility_crm.web.words import LANGUAGES, best_language

GROUND_ROOMS = (
    Room("Desk", "/", "d", "contacts.write", 10),
    Room("Customers", "/customers", "c", "customers.read", 20),
)
_THEMES = ("light", "dark")


def rooms_of(modules: Iterable[Module]) -> tuple[Room, ...]:
    """Every room of the house, in the order of the top bar."""
    found = [*GROUND_ROOMS, *(room for module in modules for room in module.navigation)]
    return tuple(sorted(found, key=lambda room: room.order))


def home_of(rooms: Iterable[Room], user: SignedIn) -> str:
    """Where a person begins: in their role's own room where its package is installed, else in the first they
    may enter."""
    mine = [room.path for room in rooms if user.may(room.permission)]
    home = ROLES[user.role].rooms[0]
    return home if home in mine or not mine else mine[0]


def open_rooms(request: Request, user: SignedIn) -> list[Room]:
    """The rooms a person may enter, those of their role's own work first; who sees some areas only, none that
    show the whole utility."""
    whole = not user.area_ids
    knows = request.app.state.whose.knows_limits
    mine = [
        room for room in request.app.state.rooms if user.may(room.permission) and (whole or knows(room.path))
    ]
    first = ROLES[user.role].rooms
    return sorted(mine, key=lambda room: first.index(room.path) if room.path in first else len(first))


def chrome(request: Request, user: SignedIn | None, now: datetime, today: date) -> dict[str, Any]:
    """The names every template may use."""
    known = settings()
    rooms = open_rooms(request, user) if user is not None else []
    theme = cookie_of(request, "theme") or (user.theme if user is not None else "")
    return {
        "user": user,
        "rooms": rooms,
        "here": _current(rooms, request.url.path),
        "language": language_of(request, user),
        "languages": LANGUAGES,
        "utility": known.utility_name,
        "currency": known.currency,
        "demo": known.demo or request.app.state.simulated,
        "theme": theme if theme in _THEMES else "",
        "cookie_prefix": named(""),
        "path": request.url.path,
        "now": now,
        "today": today,
        "dials": bool(known.telephony_url),
        "form": getattr(request.state, "form", None) or Form(),
        "just_done": banner_of(request, user.id) if user is not None else None,
    }


def language_of(request: Request, user: SignedIn | None) -> str:
    """A person's own language; before sign-in the one chosen on that page, else the browser's."""
    if user is not None:
        return user.language
    known = str(getattr(request.state, "language", ""))
    if known:  # of who is half signed in
        return known
    chosen = cookie_of(request, "language")
    if chosen in LANGUAGES:
        return chosen
    return best_language(request.headers.get("accept-language", ""), settings().language)


def _current(rooms: Iterable[Room], path: str) -> str:
    """The path of the room this page belongs to: the longest that begins it."""
    inside = [
        room.path for room in rooms if path == room.path or path.startswith(room.path.rstrip("/") + "/")
    ]
    longest = max(inside, key=len, default="")
    return longest if longest != "/" or path == "/" else ""
