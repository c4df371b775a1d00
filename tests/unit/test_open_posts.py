"""Whatever anybody may post without a sign-in is limited, and how stands here: a new one has to say so."""

from __future__ import annotations

import re
from pathlib import Path

from utility_crm.auth import doors
from utility_crm.auth.guesses import TRIES, TRIES_OF_AN_ADDRESS

ROOT = Path(__file__).resolve().parents[2]
LIMITED = {
    "/contact": "5 an address in a quarter of an hour (mail.contact_pages)",
    "/help/{slug}/helped": "20 an address in a quarter of an hour (auth.doors.HELPED)",
    "/sign-in": "5 a name, 50 an address in a quarter of an hour (auth.guesses)",
    "/sign-out": "ends the sign-in of its own cookie, and does nothing without one",
    "/confirm/{token}": "a signed link does one thing, once",
    "/unsubscribe/{token}": "a signed link does one thing; the same again changes nothing",
    "/survey/{token}": "a signed link; an answer is changed so many times in a quarter of an hour",
    "/offer/{token}": "a signed link, answered once; 30 an address in a quarter of an hour (auth.doors)",
    "/api/v1/messenger/{name}": "a signature over body and time; a name counts once",
    "/api/v1/receipts/{provider}": "a signature over body and time; an event counts once",
}
"""What keeps each in bounds."""


def test_every_post_of_strangers_is_in_bounds() -> None:
    rows = re.findall(r"^\| `POST ([^`]+)` \| ([^|]+) \|", (ROOT / "docs/access.md").read_text("utf-8"), re.M)
    assert len(rows) > 100
    asked_nothing = {path for path, asks in rows if not asks.strip().startswith(("`", "token "))}
    steps = {path for path in asked_nothing if path.startswith("/sign-in/")}  # they know the password already
    assert asked_nothing - steps - {"/drafts"} == set(LIMITED)


def test_the_limits_are_what_is_said() -> None:
    said = (ROOT / "docs/security.md").read_text("utf-8")
    assert (doors.HELPED.most, doors.LOOKED_FOR.most, doors.MISSED.most) == (20, 60, 10)
    assert (TRIES, TRIES_OF_AN_ADDRESS) == (5, 50)
    assert "20 answers whether an article helped and 60 searches" in said and "10 of what was missed" in said
