"""How a file is to be read, as a person says it: on the command line or in the form of the feeds page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meters.feeds.csv.columns import FIELDS as INTERVAL_FIELDS
from meters.feeds.format import ReadOptions
from meters.feeds.formats import formats
from meters.feeds.registers.titles import FIELDS as REGISTER_FIELDS
from utility_crm.kit.errors import Invalid

FIELDS = tuple(dict.fromkeys((*INTERVAL_FIELDS, *REGISTER_FIELDS)))
_PAIR = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^,"]*))\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Asked:
    """Format (auto, or a name), the file's own titles by field, the clock of stamps without an offset, and
    the sheet of a workbook."""

    format_name: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    sheet: str | None = None

    def read_options(self, offset_minutes_of: Callable[[str], int | None]) -> ReadOptions:
        """What the reader is told, with the standard time of known service points."""
        return ReadOptions(self.columns, self.zone, offset_minutes_of, self.sheet)

    def over(self, profile: Asked) -> Asked:
        """What is said here, and by a saved profile what is not. Titles are said one by one, but a time is
        one thing: its start or its end."""
        times = {"starts_at", "ends_at"}
        kept = {
            name: title
            for name, title in profile.columns.items()
            if name not in times or not times & self.columns.keys()
        }
        columns = {**kept, **self.columns}
        name = profile.format_name if self.format_name == "auto" else self.format_name
        return Asked(name, columns, self.zone or profile.zone, self.sheet or profile.sheet)

    def document(self) -> dict[str, Any]:
        """As it is kept with a feed."""
        zone = self.zone.key if self.zone else None
        said = {"format": self.format_name, "columns": dict(self.columns), "timezone": zone}
        return said | ({"sheet": self.sheet} if self.sheet else {})


def asked(format_name: str = "auto", columns: str = "", timezone: str = "", sheet: str = "") -> Asked:
    """The four as text. Raises Invalid, whose `where` is format, columns or timezone."""
    if format_name != "auto" and format_name not in formats():
        known = ", ".join(formats())
        raise Invalid("unknown_format", f"{format_name!r} is none of auto, {known}", "format")
    return Asked(format_name, columns_of(columns), zone_of(timezone), sheet or None)


def columns_of(text: str) -> dict[str, str]:
    """FIELD=TITLE pairs between commas; a title with a comma stands in double quotes. Raises Invalid."""
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise Invalid("bad_columns", f"cannot read {text[place:]!r}; write FIELD=TITLE,...", "columns")
        if pair[1] not in FIELDS:
            raise Invalid("bad_columns", f"{pair[1]!r} is none of {', '.join(FIELDS)}", "columns")
        found[pair[1]] = pair[2] if pair[2] is not None else pair[3].strip()
        place = pair.end()
    if "starts_at" in found and "ends_at" in found:
        raise Invalid("bad_columns", "give starts_at or ends_at, not both", "columns")
    return found


def columns_text(columns: Mapping[str, str]) -> str:
    """What `columns_of` reads."""
    pairs = ((name, f'"{title}"' if "," in title else title) for name, title in columns.items())
    return ",".join(f"{name}={title}" for name, title in pairs)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None for none given. Raises Invalid."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("unknown_zone", f"there is no time zone {name!r}", "timezone") from error
