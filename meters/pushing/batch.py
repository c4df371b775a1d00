"""A batch as it was sent: JSON of a fixed shape, numbers kept as the text they were.

    {"readings": [{"service_point": "SP1", "starts_at": "2026-11-19T00:00:00+01:00",
                   "interval_minutes": 30, "values": [0.25, 0.5, null], ...}, ...]}

Whatever is not of that shape refuses the whole batch, and says where by a path: `$.readings[3].starts_at`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import shown
from meters.domain.names import LONGEST_NAME
from utility_crm.kit.errors import Invalid

MOST_NUMBERS = 1_000_000
"""Values of one batch, as numbers, texts or null; and numbers of whatever meaning, times aside."""
MOST_OBJECTS = 200_000
"""Objects of one batch: its readings, and the batch itself. Sixteen megabytes hold hardly more."""
MOST_LISTS = 1_000_000
"""Opening brackets of one body. A reading has one list at most, and its names few brackets."""
MOST_FIELDS = 40
"""Of an object; a reading has nine."""
FIELDS = (
    "service_point",
    "channel",
    "unit",
    "direction",
    "starts_at",
    "interval_minutes",
    "values",
    "value",
    "quality",
)


class Number(str):
    """A number as it was written: 0.10 is no float."""

    __slots__ = ()


Value = str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Readings in a row of one channel, the first beginning at `starts_at` (with an offset). `values` are
    decimal texts, None for a reading that is not there. What was not said is None. `path` is where the entry
    stands, `single` whether its one value was given by itself."""

    path: str
    service_point: str
    channel: str | None
    unit: str | None
    direction: str | None
    starts_at: datetime
    interval_minutes: int
    values: tuple[Value, ...]
    quality: str | None
    single: bool

    def path_of(self, place: int) -> str:
        """Where one of the values stands."""
        return f"{self.path}.value" if self.single else f"{self.path}.values[{place}]"


def read_batch(body: bytes) -> tuple[Entry, ...]:
    """The entries of a body. Raises Invalid, whose `where` is the path of what is wrong."""
    document = _parsed(body)
    if not isinstance(document, Mapping):
        _refuse("no_object", "The body has to be an object with a list of readings.", "$")
    _only(document, ("readings",), "$")
    readings = document.get("readings")
    if not isinstance(readings, list) or not readings:
        _refuse("no_readings", "There has to be a list of readings, and something in it.", "$.readings")
    if len(readings) > MOST_OBJECTS or sum(map(_values_of, readings)) > MOST_NUMBERS:
        _too_many("values", MOST_NUMBERS)
    return tuple(_entry(each, f"$.readings[{place}]") for place, each in enumerate(readings))


def _values_of(said: Any) -> int:
    """How many values an entry has, whatever they are."""
    values = said.get("values") if isinstance(said, Mapping) else None
    return len(values) if isinstance(values, list) else 1


def _too_many(what: str, most: int) -> NoReturn:
    _refuse("too_many", f"There are more than {most:,} {what} in it; send several batches.", "$")


def _parsed(body: bytes) -> Any:
    """The document, its size in memory bounded while it is read: small things are many in few bytes."""
    numbers = objects = 0
    if body.count(b"[") > MOST_LISTS:
        _too_many("lists", MOST_LISTS)

    def number(text: str) -> Number:
        nonlocal numbers
        numbers += 1
        if numbers > MOST_NUMBERS:
            _too_many("numbers", MOST_NUMBERS)
        return Number(text)

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        if objects > MOST_OBJECTS:
            _too_many("objects", MOST_OBJECTS)
        return _object(pairs)

    def constant(text: str) -> NoReturn:
        _refuse("not_json", f"{text} is no number in JSON.", "$")

    try:
        text = body.decode("utf-8-sig")
        return json.loads(
            text, parse_float=number, parse_int=number, parse_constant=constant, object_pairs_hook=made
        )
    except UnicodeDecodeError:
        _refuse("encoding", "The body is not UTF-8 text.", "$")
    except json.JSONDecodeError as error:
        _refuse(
            "not_json", f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.", "$"
        )
    except RecursionError:
        _refuse("too_deep", "Lists and objects are nested too deeply.", "$")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_FIELDS:
        _refuse("too_many_fields", f"An object has more than {MOST_FIELDS} fields.", "$")
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            _refuse("repeated_field", f"An object has the field {shown(name)!r} twice.", "$")
        made[name] = value
    return made


def _entry(said: Any, path: str) -> Entry:
    if not isinstance(said, Mapping):
        _refuse("no_object", "A reading has to be an object.", path)
    _only(said, FIELDS, path)
    if ("value" in said) == ("values" in said):
        _refuse("no_value", "A reading has either a value or a list of values.", path)
    single = "value" in said
    values = (said["value"],) if single else said["values"]
    if not isinstance(values, list | tuple) or not values:
        _refuse("no_value", "The values have to be a list, and something in it.", f"{path}.values")
    direction = _name(said, "direction", path)
    if direction not in (None, "import", "export"):
        _refuse("bad_direction", f"{shown(direction)!r} is neither import nor export.", f"{path}.direction")
    point = _name(said, "service_point", path)
    if point is None:
        _refuse("no_service_point", "A reading names its service point.", f"{path}.service_point")
    return Entry(
        path,
        point,
        _name(said, "channel", path),
        _name(said, "unit", path),
        direction,
        _instant(said.get("starts_at"), f"{path}.starts_at"),
        _interval(said.get("interval_minutes"), f"{path}.interval_minutes"),
        tuple(_value(value, place, path, single) for place, value in enumerate(values)),
        _name(said, "quality", path),
        single,
    )


def _only(said: Iterable[str], known: tuple[str, ...], path: str) -> None:
    for name in said:
        if name not in known:
            words = f"There is no field {shown(name)!r}; there are {', '.join(known)}."
            _refuse("unknown_field", words, path)


def _name(said: Mapping[str, Any], field: str, path: str) -> str | None:
    """A short printable text, None where the field is absent or null."""
    value = said.get(field)
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) and not isinstance(value, Number) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        words = f"The {field} has to be a text of 1 to {LONGEST_NAME} letters."
        _refuse("bad_text", words, f"{path}.{field}")
    return text


def _value(value: Any, place: int, path: str, single: bool) -> Value:
    """The text of a number; anything else than a number, a text or null is of no shape."""
    if value is None or isinstance(value, str):
        return value
    where = f"{path}.value" if single else f"{path}.values[{place}]"
    _refuse("bad_value", "A value is a number, a text with a number, or null.", where)


def _instant(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
        known = moment.utcoffset() is not None
        sane = FIRST_YEAR < moment.year < LAST_YEAR
    except ValueError:
        _refuse("unreadable_time", "This has to be a time like 2026-11-19T00:30:00+01:00.", path)
    if not known:
        _refuse("timezone_needed", "The time needs an offset, as in 2026-11-19T00:30:00+01:00.", path)
    if not sane:
        _refuse("bad_year", f"The year has to lie between {FIRST_YEAR} and {LAST_YEAR}.", path)
    return moment


def _interval(value: Any, path: str) -> int:
    text = value if isinstance(value, Number) else ""
    minutes = int(text) if text.isdigit() and len(text) <= 4 else 0
    if not minutes or 1440 % minutes:
        words = "interval_minutes has to be a whole number that divides a day of 1,440 minutes."
        _refuse("bad_interval", words, path)
    return minutes


def _refuse(code: str, message: str, where: str) -> NoReturn:
    raise Invalid(code, message, where)
