"""A foretold bill as a document of JSON, and back: the same value, to the last bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from billing.forecasting.foretold import NextBill, Untold

_KINDS: dict[str, type[NextBill] | type[Untold]] = {"told": NextBill, "untold": Untold}


def document_of(found: NextBill | Untold) -> dict[str, Any]:
    """{"told": ...} or {"untold": ...}. Fractions are written as text: JSON has no infinity."""
    name = "told" if isinstance(found, NextBill) else "untold"
    return {name: _written(found)}


def of_document(document: dict[str, Any]) -> NextBill | Untold:
    """What `document_of` was given."""
    ((name, value),) = document.items()
    found = _read(_KINDS[name], value)
    assert isinstance(found, NextBill | Untold)
    return found


def _written(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return [_written(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | bool) else int(value)


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    inner = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) is tuple:
        return tuple(_read(inner[0], one) for one in value)
    kind = inner[0] if inner else kind
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(*(_read(one, part) for one, part in zip(_kinds(kind), value, strict=True)))
    if kind is date:
        return date.fromisoformat(value)
    return float(value) if kind is float else value


@cache
def _kinds(kind: Any) -> tuple[Any, ...]:
    hints = get_type_hints(kind)
    return tuple(hints[field.name] for field in fields(kind))
