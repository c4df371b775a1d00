"""Small files written for a test, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meters.feeds.format import ReadOptions
from meters.feeds.reading import FeedFile, read_feed

ReadText = Callable[..., FeedFile]


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """`read_text(text, name="M1.csv", zone=None, columns=None, format_name="auto")` -> FeedFile."""

    def read(
        text: str | bytes,
        name: str = "M1.csv",
        zone: str | None = None,
        columns: dict[str, str] | None = None,
        format_name: str = "auto",
    ) -> FeedFile:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        options = ReadOptions(columns=columns or {}, zone=ZoneInfo(zone) if zone else None)
        return read_feed(path, format_name, options)

    return read
