"""Which column of a CSV is which: told by `--columns`, else by the titles in use for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meters.domain.problems import Problem, refusal
from meters.domain.units import unit_in_title

FIELDS = ("service_point", "starts_at", "ends_at", "value", "unit", "channel", "quality", "direction")

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
_WORDS_OF_UNIT = re.compile(r"[(\[].*?[)\]]|\b(kwh|wh|mwh|kvarh|m3|hh|per_half_hour)\b")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each field stands in a row, None where the file has no such column.

    `by_end` says that stamps are the ends of intervals; `unit` is the one a column's title names.
    """

    width: int
    stamp: int
    by_end: bool
    value: int
    service_point: int | None
    channel: int | None
    direction: int | None
    quality: int | None
    unit_column: int | None
    unit: str | None


def find_layout(titles: Sequence[str], columns: Mapping[str, str]) -> Layout | Problem:
    """The layout of a file with these titles, or in one sentence why there is none."""
    stripped = [title.strip() for title in titles]
    if any(re.fullmatch(r"[\d.,:\-/ T]+", title) for title in stripped):
        return refusal("no_titles", "The first line holds data; it has to name the columns.", 1)
    if len(set(stripped)) != len(stripped):
        return refusal("repeated_title", "Two columns have the same title.", 1)
    places: dict[str, int] = {}
    for field, title in columns.items():
        if title.strip() not in stripped:
            known = ", ".join(stripped)
            return refusal(
                "no_such_column", f"There is no column {title!r} for {field}; there are: {known}.", 1
            )
        places[field] = stripped.index(title.strip())
    _detect(stripped, places, stamped="starts_at" in columns or "ends_at" in columns)
    lacking = [field for field in ("starts_at", "value") if field not in places]
    if "ends_at" in places and "starts_at" in lacking:
        lacking.remove("starts_at")
    if lacking:
        return _unfound(stripped, lacking)
    by_end = "starts_at" not in places
    return Layout(
        width=len(stripped),
        stamp=places["ends_at" if by_end else "starts_at"],
        by_end=by_end,
        value=places["value"],
        service_point=places.get("service_point"),
        channel=places.get("channel"),
        direction=places.get("direction"),
        quality=places.get("quality"),
        unit_column=places.get("unit"),
        unit=unit_in_title(stripped[places["value"]]),
    )


def _detect(titles: Sequence[str], places: dict[str, int], stamped: bool) -> None:
    """Fill in the fields nobody named, from titles not yet taken; the first spelling in the list wins."""
    plain: dict[str, int] = {}
    for place, title in enumerate(titles):
        plain.setdefault(_plain(title), place)
        plain.setdefault(_plain(_WORDS_OF_UNIT.sub("", title.lower())), place)
    for field in FIELDS:
        if field in places or (stamped and field in ("starts_at", "ends_at")):
            continue
        taken = set(places.values())
        found = [
            plain[title] for title in _TITLES[field].split() if title in plain and plain[title] not in taken
        ]
        if found:
            places[field] = found[0]
    if "value" not in places:
        named = [
            place
            for place, title in enumerate(titles)
            if place not in places.values() and unit_in_title(title)
        ]
        if len(named) == 1:
            places["value"] = named[0]


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _unfound(titles: Sequence[str], lacking: Sequence[str]) -> Problem:
    wanted = {"starts_at": "the time (starts_at or ends_at)", "value": "the value"}
    what = " and ".join(wanted[field] for field in lacking)
    example = f"--columns {lacking[0]}=TITLE"
    return refusal(
        "columns_not_found", f"No column for {what} among: {', '.join(titles)}. Name it with {example}.", 1
    )
