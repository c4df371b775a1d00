"""Names of files for people and for the database: a name is bytes, and need not be UTF-8."""

from __future__ import annotations

import os
from pathlib import PurePath


def readable(name: str | PurePath) -> str:
    r"""A path or a name as text that can be kept and printed: what is no UTF-8 in it as `\xcf`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
