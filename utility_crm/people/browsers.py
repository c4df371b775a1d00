"""What a browser calls itself, in words a person knows."""

from __future__ import annotations

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def browser_named(said: str) -> str:
    """Browser and system of a User-Agent header, "Firefox, Linux"; of another kind, how it begins."""
    browser = next((name for sign, name in _BROWSERS if f"{sign}/" in said), "")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return ", ".join(filter(None, (browser, system))) or said[:_LONGEST]
