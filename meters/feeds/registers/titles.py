"""Which column of a file of register reads is which, and by which titles such a file is known."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meters.domain.problems import Problem, refusal
from meters.domain.units import unit_in_title
from meters.feeds.csv.titles import absent, doubled, no_titles, plain_title

FIELDS = (
    "service_point",
    "meter",
    "register",
    "read_at",
    "value",
    "unit",
    "kind",
    "digits",
    "multiplier",
    "direction",
)
DELIMITERS = ",;\t"

_TITLES = {
    "service_point": "service_point service_point_id mpan mprn nmi ean pod pdr cups malo melo site "
    "site_id id",
    "meter": "meter meter_id meter_number meter_serial meter_serial_number serial serial_number msn",
    "register": "register register_id register_name obis obis_code rate tariff_zone channel nmi_suffix "
    "suffix",
    "read_at": "read_at read_on read_date reading_date read_time reading_time read_datetime reading_at "
    "date_of_read meter_read_date",
    "value": "value reading read figure index meter_reading register_reading kwh wh mwh m3 kvarh",
    "unit": "unit uom units",
    "kind": "kind read_kind read_type reading_type type quality status",
    "digits": "digits dial_digits dials number_of_digits",
    "multiplier": "multiplier factor ratio ct_ratio transformer_ratio",
    "direction": "direction flow_direction",
}
_KNOWN = {field: tuple(titles.split()) for field, titles in _TITLES.items()}
_UNIT_IN_TITLE = re.compile(r"[(\[].*?[)\]]|\b(kwh|wh|mwh|kvarh|m3)\b")
_SIGNS = {"register", "kind", "digits", "multiplier", "meter"}


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """Where each field stands in a row; fields that a file has no column for are not in `places`. `unit` is
    the one that the title of the values names."""

    width: int
    places: Mapping[str, int]
    unit: str | None


def bears_register_titles(line: str) -> bool:
    """Whether a line of titles names the time of a read, and a register or what only registers have.

    A file of intervals has neither: its times are starts or ends.
    """
    delimiter = max(DELIMITERS, key=line.count)
    try:
        titles = next(csv.reader([line.lstrip("\ufeff").rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return False
    found = _detected(titles, {})
    return "read_at" in found and "value" in found and bool(_SIGNS & set(found))


def register_layout(titles: Sequence[str], columns: Mapping[str, str], line: int) -> RegisterLayout | Problem:
    """The layout of a file with these titles, some named by `columns`; or why there is none."""
    stripped = [title.strip() for title in titles]
    wrong = no_titles(stripped, line) or doubled(stripped, line)
    if wrong is not None:
        return wrong
    places: dict[str, int] = {}
    told = {field: title.strip() for field, title in columns.items() if field in FIELDS}
    for field, title in told.items():
        if title and title not in stripped:
            return absent(field, title, stripped, line)
        if title:
            places[field] = stripped.index(title)
    none = {field for field, title in told.items() if not title}
    places = _detected(stripped, places, none)
    lacking = [field for field in ("read_at", "value") if field not in places]
    if lacking:
        known = ", ".join(title for title in stripped if title)
        wanted = {"read_at": "the time of the read", "value": "the value"}
        words = " and ".join(wanted[field] for field in lacking)
        message = f"No column for {words} among: {known[:400]}. Name it with --columns {lacking[0]}=TITLE."
        return refusal("columns_not_found", message, line)
    return RegisterLayout(len(stripped), places, unit_in_title(stripped[places["value"]]))


def _detected(
    titles: Sequence[str], places: Mapping[str, int], none: frozenset[str] | set[str] = frozenset()
) -> dict[str, int]:
    """The places told, and those of other fields by titles not yet taken; the first spelling wins."""
    plain: dict[str, int] = {}
    for place, title in enumerate(titles):
        plain.setdefault(plain_title(title), place)
        plain.setdefault(plain_title(_UNIT_IN_TITLE.sub("", title.lower())), place)
    found = dict(places)
    for field in FIELDS:
        if field in found or field in none:
            continue
        taken = set(found.values())
        free = [plain[title] for title in _KNOWN[field] if title in plain and plain[title] not in taken]
        if free:
            found[field] = free[0]
    return found
