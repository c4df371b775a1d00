"""Hashing deep frozen values once: tariffs are keys of caches, and hashing one walks all its prices."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

_KEPT = "_hash_once"


class HashedOnce:
    """For frozen dataclasses without slots. The kept hash never travels: processes hash differently."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != _KEPT}


def hash_once(value: Any) -> int:
    """The hash of a dataclass's fields, kept on the object after the first call."""
    kept = value.__dict__.get(_KEPT)
    if kept is None:
        kept = hash(tuple(getattr(value, field.name) for field in fields(value) if field.compare))
        object.__setattr__(value, _KEPT, kept)
    return int(kept)
