"""Reading JSON without ever ignoring a key: what nobody took is refused, by place."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NoReturn

from billing.domain.errors import TariffRefused
from billing.domain.money import PRICE_MICRO_LIMIT, micro_from_text, micro_text

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Fields:
    """One JSON object being read. Call ``finish`` when everything known has been taken."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.place = place
        if not isinstance(value, dict):
            raise TariffRefused(place, f"expected an object, found {described(value)}")
        self._value: dict[str, Any] = value
        self._taken: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def refuse(self, key: str, reason: str) -> NoReturn:
        raise TariffRefused(self.at(key) if key else self.place, reason)

    def names(self) -> tuple[str, ...]:
        """All of them, where they are names that a file chooses."""
        return tuple(self._value)

    def has(self, key: str) -> bool:
        return key in self._value

    def _take(self, key: str) -> Any:
        self._taken.add(key)
        if key not in self._value:
            near = difflib.get_close_matches(
                key, [other for other in self._value if other not in self._taken], n=1
            )
            found = f"; did you mean it by '{near[0]}'?" if near else ""
            raise TariffRefused(self.place or "the file", f"'{key}' is not given{found}")
        return self._value[key]

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, f"expected a text, found {described(value)}")
        return value

    def code(self, key: str) -> str:
        value = self.text(key)
        if not CODE.fullmatch(value):
            self.refuse(key, f"'{value}' is not a code: small letters, digits, and . _ - between them")
        return value

    def one_of(self, key: str, allowed: Iterable[str]) -> str:
        value = self.text(key)
        words = list(allowed)
        if value not in words:
            self.refuse(key, f"'{value}' is not one of {', '.join(words)}{_hint(value, words)}")
        return value

    def whole_number(self, key: str, allowed: Sequence[int]) -> int:
        value = self._take(key)
        if type(value) is not int or value not in allowed:
            words = f"one of {', '.join(map(str, allowed))}"
            if isinstance(allowed, range):
                words = f"a whole number from {allowed[0]} to {allowed[-1]}"
            self.refuse(key, f"expected {words}, found {described(value)}")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            self.refuse(key, f"expected true or false, found {described(value)}")
        return value

    def on(self, key: str) -> date:
        value = self.text(key)
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.refuse(key, f"'{value}' is not a date written YYYY-MM-DD")

    def micro(self, key: str, *, limit: int = PRICE_MICRO_LIMIT) -> int:
        """A decimal string as millionths."""
        value = self._take(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.refuse(key, f'write the number as a text, "{value}", so that it stays exact')
        if not isinstance(value, str):
            self.refuse(key, f"expected a decimal text, found {described(value)}")
        try:
            micro = micro_from_text(value)
        except ValueError as error:
            self.refuse(key, str(error))
        if abs(micro) >= limit:
            self.refuse(key, f"'{value}' is too large: at most {micro_text(limit - 1)}")
        return micro

    def items(self, key: str, *, least: int = 1) -> list[tuple[Any, str]]:
        """The elements of an array, each with its place."""
        value = self._take(key)
        if not isinstance(value, list) or len(value) < least:
            self.refuse(key, f"expected a list of at least {least}, found {described(value)}")
        return [(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value)]

    def texts(self, key: str) -> list[tuple[str, str]]:
        found = self.items(key)
        for item, place in found:
            if not isinstance(item, str) or not item:
                raise TariffRefused(place, f"expected a text, found {described(item)}")
        if len({item for item, _ in found}) != len(found):
            self.refuse(key, "names something twice")
        return found

    def fields(self, key: str) -> Fields:
        return Fields(self._take(key), self.at(key))

    def finish(self) -> None:
        for key in self._value:
            if key not in self._taken:
                known = sorted(self._taken)
                raise TariffRefused(self.place or "the file", f"unknown key '{key}'{_hint(key, known)}")


def _hint(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def described(value: Any) -> str:
    """What was found, in words."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if value else "an empty text"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return "an object" if isinstance(value, dict) else f"a list of {len(value)}"


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise TariffRefused("the file", f"the key '{key}' stands twice in one object")
        seen[key] = value
    return seen


def _no_constant(name: str) -> NoReturn:
    raise TariffRefused("the file", f"{name} is not a number")


def loads(text: str) -> Any:
    """JSON, strictly: a key twice in an object is refused, as are NaN, Infinity and texts that are none."""
    try:
        found = json.loads(text, object_pairs_hook=_no_twice, parse_constant=_no_constant)
        _check_texts(found, "")
        return found
    except TariffRefused:
        raise
    except json.JSONDecodeError as error:
        raise TariffRefused(f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg}") from None
    except RecursionError:
        raise TariffRefused("the file", "nested too deeply") from None
    except ValueError:
        raise TariffRefused("the file", "a number in it has thousands of digits") from None


def _check_texts(value: Any, place: str) -> None:
    """Refuse what JSON can write as an escape and no database, document or screen can hold: control
    characters other than tabs and ends of lines, and halves of a character alone."""
    if isinstance(value, dict):
        for key, one in value.items():
            _check_text(key, place)
            _check_texts(one, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            _check_texts(one, f"{place}[{index}]")
    elif isinstance(value, str):
        _check_text(value, place)


def _check_text(text: str, place: str) -> None:
    bad = _NO_TEXT.search(text)
    if bad is not None:
        raise TariffRefused(
            place or "the file", f"holds U+{ord(bad[0]):04X}, which is no character of a text"
        )
