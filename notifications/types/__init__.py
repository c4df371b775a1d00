"""The kinds of notices. Each is a folder here: its templates in each language, and `TYPE`, which says what
the templates are given. A new folder is a new kind; nothing else names it."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from utility_crm.kit.errors import NotFound

Purpose = Literal["service", "marketing"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a notice is written from: its stored context, and to whom, in which language, on which clock."""

    context: Mapping[str, Any]
    language: str
    timezone: str


@dataclass(frozen=True, slots=True)
class NoticeType:
    """A kind of notice. `needs` are the keys its stored context must have; `words` turns facts into what the
    templates print; `title` is its name for staff."""

    name: str
    title: str
    purpose: Purpose
    needs: frozenset[str]
    words: Callable[[Facts], Mapping[str, Any]]

    @property
    def templates(self) -> Path:
        """The folder with a folder a language."""
        return Path(__file__).parent / self.name / "templates"


@cache
def notice_types() -> Mapping[str, NoticeType]:
    """Every kind there is, by name."""
    names = [found.name for found in pkgutil.iter_modules(__path__) if found.ispkg]
    return {name: import_module(f"{__name__}.{name}").TYPE for name in names}


def notice_type(name: str) -> NoticeType:
    """The kind of that name. Raises `NotFound`."""
    try:
        return notice_types()[name]
    except KeyError:
        raise NotFound("no_such_notice", f"there is no kind of notice called {name}", name) from None
