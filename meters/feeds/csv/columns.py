"""Which column of a CSV is which: told by `--columns`, else by the titles in use for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from meters.domain.problems import Problem
from meters.domain.units import unit_in_title
from meters.feeds.csv.titles import absent, doubled, lacking_columns, misspelt, no_titles, plain_title

FIELDS = ("service_point", "starts_at", "ends_at", "value", "unit", "channel", "quality", "direction")

_TIMES = ("starts_at", "ends_at")
_TITLES: dict[str, str] = {
    "service_point": "service_point service_point_id lclid meter meter_id meter_number mpan mprn nmi ean "
    "pod pdr cups malo melo household household_id site site_id id",
    "starts_at": "starts_at start starts start_at start_time start_date_time interval_start period_start "
    "from timestamp tstp datetime date_time utc_timestamp time_start begin time",
    "ends_at": "ends_at ends_before end ends end_at end_time end_date_time interval_end period_end to",
    "value": "value energy consumption usage reading volume kwh wh mwh kvarh m3",
    "unit": "unit uom units",
    "channel": "channel register obis obis_code nmi_suffix suffix",
    "quality": "quality status quality_flag read_type",
    "direction": "direction flow_direction",
}
KNOWN_TITLES = {field: tuple(titles.split()) for field, titles in _TITLES.items()}
_WORDS_OF_UNIT = re.compile(r"[(\[].*?[)\]]|\b(kwh|wh|mwh|kvarh|m3|hh|per_half_hour)\b")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands in a row, None where the file has no such column.

    `by_end` says that stamps are the ends of intervals, else `end` may be the column that says these; `unit`
    is the one a column's title names.
    """

    width: int
    stamp: int
    stamp_title: str
    by_end: bool
    end: int | None
    value: int
    service_point: int | None
    channel: int | None
    direction: int | None
    quality: int | None
    unit_column: int | None
    unit: str | None


def find_layout(titles: Sequence[str], columns: Mapping[str, str], line: int = 1) -> Layout | Problem:
    """The layout of a file with these titles, or in one sentence why there is none.

    `columns` names titles by field; an empty title says that the file has none for that field.
    """
    stripped = [title.strip() for title in titles]
    wrong = no_titles(stripped, line) or doubled(stripped, line)
    if wrong is not None:
        return wrong
    places: dict[str, int] = {}
    for field, title in columns.items():
        if not title.strip():
            continue
        if title.strip() not in stripped:
            return absent(field, title.strip(), stripped, line)
        places[field] = stripped.index(title.strip())
    told = {field for field in FIELDS if field in columns}
    _detect(stripped, places, told)
    lacking = [field for field in ("starts_at", "value") if field not in places]
    if "ends_at" in places and "starts_at" in lacking:
        lacking.remove("starts_at")
    open_titles = [title for place, title in enumerate(stripped) if place not in places.values()]
    if lacking:
        return lacking_columns(lacking, stripped, open_titles, KNOWN_TITLES, line)
    unsure = misspelt(
        [field for field in FIELDS if field not in places and field not in told and field not in _TIMES],
        open_titles,
        KNOWN_TITLES,
        line,
    )
    if unsure is not None:
        return unsure
    by_end = "starts_at" not in places
    stamp = places["ends_at" if by_end else "starts_at"]
    return Layout(
        width=len(stripped),
        stamp=stamp,
        stamp_title=stripped[stamp],
        by_end=by_end,
        end=None if by_end else places.get("ends_at"),
        value=places["value"],
        service_point=places.get("service_point"),
        channel=places.get("channel"),
        direction=places.get("direction"),
        quality=places.get("quality"),
        unit_column=places.get("unit"),
        unit=unit_in_title(stripped[places["value"]]),
    )


def _detect(titles: Sequence[str], places: dict[str, int], told: Set[str]) -> None:
    """Fill in the fields nobody named, from titles not yet taken; the first spelling in the list wins."""
    plain: dict[str, int] = {}
    for place, title in enumerate(titles):
        plain.setdefault(plain_title(title), place)
        plain.setdefault(plain_title(_WORDS_OF_UNIT.sub("", title.lower())), place)
    for field in FIELDS:
        if field in told or (field in _TIMES and any(time in places for time in _TIMES if time in told)):
            continue
        taken = set(places.values())
        found = [
            plain[title] for title in KNOWN_TITLES[field] if title in plain and plain[title] not in taken
        ]
        if found:
            places[field] = found[0]
    if "value" not in places and "value" not in told:
        named = [
            place
            for place, title in enumerate(titles)
            if place not in places.values() and unit_in_title(title)
        ]
        if len(named) == 1:
            places["value"] = named[0]
