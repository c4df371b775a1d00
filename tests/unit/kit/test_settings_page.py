"""docs/settings.md lists every setting there is, with its default, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from utility_crm.kit.settings import Settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "settings.md"
ROW = re.compile(r"^\| `UTILITY_CRM_(\w+)` \| (?:`(.+)`)? ?\| (.+) \|$", re.MULTILINE)


def _shown(default: object) -> str | None:
    if default is None or default == "":
        return None
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_page_lists_every_setting() -> None:
    listed = [(name.lower(), default or None, what) for name, default, what in ROW.findall(PAGE.read_text())]
    fields = Settings.model_fields.items()
    assert listed == [(name, _shown(field.default), field.description) for name, field in fields]


def test_a_zone_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="no IANA time zone"):
        Settings(timezone="Mars/Base")
