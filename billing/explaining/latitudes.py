"""How far north the clock of a premise is: the place its time zone is named after.

The hours of daylight over a year differ between places of one zone by little more than their size, which a
fit takes up; what must be right is the hemisphere and about how far from the equator.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

NO_PLACE = 50.0
"""Degrees north of a clock that belongs to no place, such as UTC."""
_COORDINATES = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?[+-]\d+")


def latitude_of(timezone: str) -> float:
    """Degrees north of the zone's own city, from the table of coordinates that comes with the IANA zones."""
    places = _places()
    return places.get(timezone, places.get(_links().get(timezone, ""), NO_PLACE))


@cache
def _places() -> dict[str, float]:
    found = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        at = _COORDINATES.fullmatch(fields[1]) if len(fields) > 2 and not line.startswith("#") else None
        if at is not None:
            degrees = int(at[2]) + int(at[3]) / 60
            found[fields[2]] = degrees if at[1] == "+" else -degrees
    return found


@cache
def _links() -> dict[str, str]:
    """Older names of zones: lines ``L target name``."""
    lines = (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.startswith("L "))
    return {name: target for _, target, name in pairs}
